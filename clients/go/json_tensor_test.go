package edunn_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// jsonTensor is a tensor of the scenarios and vectors.
type jsonTensor struct {
	DataType edunn.DataType  `json:"dtype"`
	Shape    []int           `json:"shape"`
	Data     json.RawMessage `json:"data"`
	SHA256   string          `json:"sha256"`
}

func (j jsonTensor) tensor() (edunn.AnyTensor, error) {
	switch j.DataType {
	case edunn.Bool:
		return parse[bool](j)
	case edunn.Int32:
		return parse[int32](j)
	case edunn.Int64:
		return parse[int64](j)
	case edunn.Float32:
		return parse[float32](j)
	case edunn.Float64:
		return parse[float64](j)
	default:
		return nil, fmt.Errorf("unknown dtype %q", j.DataType)
	}
}

func parse[T edunn.Element](j jsonTensor) (edunn.AnyTensor, error) {
	tensor := edunn.NewTensor([]T{}, j.Shape...)
	return tensor, json.Unmarshal(j.Data, &tensor.Data)
}

func parseTensors(from map[string]jsonTensor) (map[string]edunn.AnyTensor, error) {
	tensors := make(map[string]edunn.AnyTensor, len(from))
	for name, one := range from {
		tensor, err := one.tensor()
		if err != nil {
			return nil, err
		}
		tensors[name] = tensor
	}
	return tensors, nil
}

// check compares a tensor with the one expected.
func (j jsonTensor) check(got edunn.AnyTensor) error {
	if got.DataType() != j.DataType || !slices.Equal(got.Dims(), j.Shape) {
		return fmt.Errorf("got a tensor of %s %v, expected %s %v",
			got.DataType(), got.Dims(), j.DataType, j.Shape)
	}
	if j.SHA256 != "" {
		if sum := digest(got); sum != j.SHA256 {
			return fmt.Errorf("got the bytes %s, expected %s", sum, j.SHA256)
		}
		return nil
	}
	expected, err := j.tensor()
	if err != nil {
		return err
	}
	switch j.DataType {
	case edunn.Float32:
		return compare(got, expected, func(a, b float32) bool {
			return near(float64(a), float64(b), 1e-6, 1e-5)
		})
	case edunn.Float64:
		return compare(got, expected, func(a, b float64) bool { return near(a, b, 1e-11, 1e-9) })
	case edunn.Bool:
		return compare(got, expected, func(a, b bool) bool { return a == b })
	case edunn.Int32:
		return compare(got, expected, func(a, b int32) bool { return a == b })
	default:
		return compare(got, expected, func(a, b int64) bool { return a == b })
	}
}

func near(got, expected, absolute, relative float64) bool {
	return math.Abs(got-expected) <= absolute+relative*math.Abs(expected)
}

func compare[T edunn.Element](got, expected edunn.AnyTensor, equal func(T, T) bool) error {
	a, err := edunn.As[T](got)
	if err != nil {
		return err
	}
	b, err := edunn.As[T](expected)
	if err != nil {
		return err
	}
	if len(a.Data) != len(b.Data) {
		return fmt.Errorf("got %d elements, expected %d", len(a.Data), len(b.Data))
	}
	for at := range b.Data {
		if !equal(a.Data[at], b.Data[at]) {
			return fmt.Errorf("element %d is %v, expected %v", at, a.Data[at], b.Data[at])
		}
	}
	return nil
}

// digest returns the SHA-256 of a tensor's little-endian bytes, in hex.
func digest(tensor edunn.AnyTensor) string {
	var wire bytes.Buffer
	var err error
	switch tensor.DataType() {
	case edunn.Bool:
		err = write[bool](&wire, tensor)
	case edunn.Int32:
		err = write[int32](&wire, tensor)
	case edunn.Int64:
		err = write[int64](&wire, tensor)
	case edunn.Float32:
		err = write[float32](&wire, tensor)
	case edunn.Float64:
		err = write[float64](&wire, tensor)
	}
	if err != nil {
		return err.Error()
	}
	sum := sha256.Sum256(wire.Bytes())
	return hex.EncodeToString(sum[:])
}

func write[T edunn.Element](wire *bytes.Buffer, tensor edunn.AnyTensor) error {
	typed, err := edunn.As[T](tensor)
	if err != nil {
		return err
	}
	return binary.Write(wire, binary.LittleEndian, typed.Data)
}

// checkAll compares named tensors with those expected: exactly these names.
func checkAll(got map[string]edunn.AnyTensor, expected map[string]jsonTensor) error {
	for name := range got {
		if _, is := expected[name]; !is {
			return fmt.Errorf("%q is not expected", name)
		}
	}
	for name, one := range expected {
		tensor, is := got[name]
		if !is {
			return fmt.Errorf("%q is missing", name)
		}
		if err := one.check(tensor); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	return nil
}
