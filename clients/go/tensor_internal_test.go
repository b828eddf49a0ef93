package edunn

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// The bytes are written out, so that they hold on a host of either byte order.
func TestElementsTravelLittleEndian(t *testing.T) {
	t.Parallel()
	checkWire(t, []int32{1, -2}, []byte{1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff})
	checkWire(t, []int64{1 << 40}, []byte{0, 0, 0, 0, 0, 1, 0, 0})
	checkWire(t, []float32{1, -0.5}, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf})
	checkWire(t, []float64{1}, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f})
	checkWire(t, []bool{true, false}, []byte{1, 0})
	checkWire(t, []float64(nil), nil)
}

func checkWire[T Element](t *testing.T, data []T, wire []byte) {
	t.Helper()
	if got := wireBytes(data); !bytes.Equal(got, wire) {
		t.Errorf("%v travels as %v", data, got)
	}
	// What a big-endian host does.
	if got := swappedBytes(data); !bytes.Equal(got, wire) {
		t.Errorf("%v travels as %v from a big-endian host", data, got)
	}
	swapped := make([]T, len(data))
	decodeSwapped(wire, swapped)
	copied, err := elements[T](wire, len(data))
	if err != nil {
		t.Fatal(err)
	}
	for at := range data {
		if copied[at] != data[at] || swapped[at] != data[at] {
			t.Errorf("%v arrives as %v, at a big-endian host as %v", data, copied, swapped)
		}
	}
}

func TestTensorsComeBack(t *testing.T) {
	t.Parallel()
	for _, tensor := range []AnyTensor{
		NewTensor([]float64{1, math.Inf(1), -0.25}, 3),
		NewTensor([]float32{1, 2, 3, 4, 5, 6}, 2, 3),
		NewTensor([]int64{math.MinInt64, math.MaxInt64}, 2, 1),
		NewTensor([]int32{7}, 1, 1, 1),
		NewTensor([]bool{true, false}, 2),
		NewTensor([]float64{}, 3, 0),
		Tensor[float64]{Shape: []int{}, Data: []float64{5}},
	} {
		message, err := tensor.encode("inputs[0]")
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeTensor(message)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, tensor) {
			t.Errorf("%v comes back as %v", tensor, back)
		}
	}
}

func TestDecodedTensorsHaveTheirOwnMemory(t *testing.T) {
	t.Parallel()
	message, err := NewTensor([]float64{1}, 1).encode("x")
	if err != nil {
		t.Fatal(err)
	}
	tensor, err := As[float64](decodeTensor(message))
	if err != nil {
		t.Fatal(err)
	}
	tensor.Data[0] = 2
	if again, _ := As[float64](decodeTensor(message)); again.Data[0] != 1 {
		t.Error("the message has changed")
	}
}

func TestWhatASpoiledAnswerIs(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]*edunnpb.Tensor{
		"no tensor":       nil,
		"no data type":    {Data: []byte{1}},
		"too few bytes":   {DataType: Float64.encode(), Shape: []int64{2}, Data: make([]byte, 8)},
		"a byte too many": {DataType: Float64.encode(), Shape: []int64{1}, Data: make([]byte, 9)},
		"negative axis":   {DataType: Float64.encode(), Shape: []int64{-1}},
		"overflow":        {DataType: Bool.encode(), Shape: []int64{math.MaxInt64, 3}},
		"unknown to Go":   {DataType: Float16.encode(), Shape: []int64{1}, Data: make([]byte, 2)},
		"too large to be": {DataType: Float64.encode(), Shape: []int64{1 << 60}},
	} {
		if _, err := decodeTensor(message); !errors.Is(err, ErrInternal) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAShapeThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for field, tensor := range map[string]AnyTensor{
		"inputs[0].data":  NewTensor([]float64{1, 2, 3, 4, 5}, 2, 3),
		"inputs[0].shape": NewTensor([]float64{}, -1, 0),
		"inputs[0]":       Output{},
	} {
		_, err := encodeTensor("inputs[0]", tensor)
		var failure *Error
		if !errors.As(err, &failure) || failure.Violations[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	_, err := encodeTensor("x", NewTensor([]float64{1, 2, 3, 4, 5}, 2, 3))
	const expected = "edunn: x.data: the shape [2 3] needs 6 elements, not 5 [INVALID_ARGUMENT]"
	if err == nil || err.Error() != expected {
		t.Errorf("got %v", err)
	}
}
