package edunn_test

import (
	"errors"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func TestAsPassesAnErrorOn(t *testing.T) {
	t.Parallel()
	if _, err := edunn.As[float64](nil, edunn.ErrNoForward); err != edunn.ErrNoForward {
		t.Errorf("got %v", err)
	}
	if _, err := edunn.AsAll[float64](nil, edunn.ErrNoForward); err != edunn.ErrNoForward {
		t.Errorf("got %v", err)
	}
}

func TestAsRefusesOtherElements(t *testing.T) {
	t.Parallel()
	for _, tensor := range []edunn.AnyTensor{
		nil, edunn.Output{}, edunn.NewTensor([]float32{1}, 1),
	} {
		if _, err := edunn.As[float64](tensor); !errors.Is(err, edunn.ErrInvalidArgument) {
			t.Errorf("%#v: got %v", tensor, err)
		}
	}
	mixed := map[string]edunn.AnyTensor{"w": edunn.NewTensor([]int32{1}, 1)}
	if _, err := edunn.AsAll[float64](mixed); !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

func TestAnOutputIsItsTensor(t *testing.T) {
	t.Parallel()
	output := edunn.Output{AnyTensor: ones(2, 3), ForwardID: "c1"}
	tensor, err := edunn.As[float64](output)
	must(t, err)
	if len(tensor.Data) != 6 || output.DataType() != edunn.Float64 || output.Dims()[1] != 3 {
		t.Errorf("got %v", tensor)
	}
}
