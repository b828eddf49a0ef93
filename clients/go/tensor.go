package edunn

import (
	"fmt"
	"math"
	"strings"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Element lists what a tensor can hold.
type Element interface {
	bool | int32 | int64 | float32 | float64
}

// Tensor is an array of any rank. Nothing is cast on the way: a float32 tensor gives a float32
// output.
type Tensor[T Element] struct {
	// Shape is the size of each axis, outermost first. Without an axis the tensor is a scalar.
	Shape []int
	// Data has the elements in C order: the last axis runs fastest.
	Data []T
}

// NewTensor returns a tensor of the data and shape given, neither of which it copies. Whether they
// fit together is checked when the tensor is sent.
func NewTensor[T Element](data []T, shape ...int) Tensor[T] {
	return Tensor[T]{Shape: shape, Data: data}
}

// Input is what a forward takes: a tensor, or the [Inputs] of a loss.
type Input interface {
	tensors() []AnyTensor
}

// Inputs are the tensors of a forward that takes several: y_true and y for a loss.
type Inputs []AnyTensor

func (i Inputs) tensors() []AnyTensor { return i }

// AnyTensor is a [Tensor] of whatever elements, or the [Output] of a forward. [As] gives back the
// Tensor.
type AnyTensor interface {
	Input
	// DataType says what the elements are.
	DataType() DataType
	// Dims returns the size of each axis, outermost first.
	Dims() []int

	tensor() AnyTensor
	encode(field string) (*edunnpb.Tensor, error)
}

// DataType returns the name of T.
func (t Tensor[T]) DataType() DataType {
	return DataType(fmt.Sprintf("%T", *new(T)))
}

// Elements beyond these are not shown.
const shownElements = 8

// String shows the data type, the shape and the first elements, such as "float64[1 2] [0.5 1]".
func (t Tensor[T]) String() string {
	if len(t.Data) <= shownElements {
		return fmt.Sprintf("%s%v %v", t.DataType(), t.Shape, t.Data)
	}
	shown := strings.TrimSuffix(fmt.Sprint(t.Data[:shownElements]), "]")
	return fmt.Sprintf("%s%v %s ...]", t.DataType(), t.Shape, shown)
}

// Dims returns the Shape.
func (t Tensor[T]) Dims() []int { return t.Shape }

func (t Tensor[T]) tensor() AnyTensor { return t }

func (t Tensor[T]) tensors() []AnyTensor { return []AnyTensor{t} }

// encode returns the message of a tensor, which is the request's field of that name. Where it can it
// shares Data's memory.
func (t Tensor[T]) encode(field string) (*edunnpb.Tensor, error) {
	size, err := elementCount(t.Shape)
	if err != nil {
		return nil, invalid(field+".shape", "%v", err)
	}
	if size != len(t.Data) {
		return nil, invalid(field+".data", "the shape %v needs %d elements, not %d",
			t.Shape, size, len(t.Data))
	}
	shape := make([]int64, len(t.Shape))
	for axis, length := range t.Shape {
		shape[axis] = int64(length)
	}
	return &edunnpb.Tensor{
		DataType: t.DataType().encode(),
		Shape:    shape,
		Data:     wireBytes(t.Data),
	}, nil
}

// elementCount multiplies the sizes of the axes.
func elementCount[Size int | int64](shape []Size) (int, error) {
	count := 1
	for axis, length := range shape {
		if length < 0 {
			return 0, fmt.Errorf("axis %d of %v is negative", axis, shape)
		}
		if length > 0 && int64(count) > math.MaxInt/int64(length) {
			return 0, fmt.Errorf("%v has more elements than can be counted", shape)
		}
		count *= int(length)
	}
	return count, nil
}

// As returns a tensor as the Tensor[T] that it is. It is an error if its elements are no T.
//
// It takes what a call returned as it stands, error included:
//
//	y, err := edunn.As[float64](layer.Forward(ctx, x))
func As[T Element](tensor AnyTensor, failure ...error) (Tensor[T], error) {
	for _, err := range failure {
		if err != nil {
			return Tensor[T]{}, err
		}
	}
	if isNil(tensor) {
		return Tensor[T]{}, invalid("tensor", "is nil")
	}
	typed, ok := tensor.tensor().(Tensor[T])
	if !ok {
		return Tensor[T]{}, invalid("tensor", "has elements of type %s, not %s",
			tensor.DataType(), typed.DataType())
	}
	return typed, nil
}

// isNil tells whether there is no tensor; there is none in the zero Output either.
func isNil(tensor AnyTensor) bool { return tensor == nil || tensor.tensor() == nil }

// AsAll does for named tensors what [As] does for one:
//
//	parameters, err := edunn.AsAll[float64](layer.Parameters(ctx))
func AsAll[T Element](
	tensors map[string]AnyTensor, failure ...error,
) (map[string]Tensor[T], error) {
	for _, err := range failure {
		if err != nil {
			return nil, err
		}
	}
	typed := make(map[string]Tensor[T], len(tensors))
	for name, tensor := range tensors {
		one, err := As[T](tensor)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		typed[name] = one
	}
	return typed, nil
}
