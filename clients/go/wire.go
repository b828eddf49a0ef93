package edunn

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"google.golang.org/grpc/codes"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// littleEndian tells whether the host keeps numbers as the wire does.
func littleEndian() bool {
	return binary.NativeEndian.Uint16([]byte{1, 0}) == 1
}

// wireBytes returns elements as they travel: little-endian, a byte for a bool. On a little-endian
// host that is the memory of data itself.
func wireBytes[T Element](data []T) []byte {
	if littleEndian() {
		return memoryOf(data)
	}
	return swappedBytes(data)
}

func swappedBytes[T Element](data []T) []byte {
	wire, err := binary.Append(nil, binary.LittleEndian, data)
	if err != nil {
		// Append refuses only types of varying size, and Element has none.
		panic(err)
	}
	return wire
}

func memoryOf[T Element](data []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), binary.Size(data))
}

// elements returns the count elements that travelled as wire.
func elements[T Element](wire []byte, count int) ([]T, error) {
	// Compared before memory is taken for them, and so that no product can overflow.
	if width := binary.Size(*new(T)); len(wire)%width != 0 || len(wire)/width != count {
		return nil, fmt.Errorf("%d bytes for %d elements of type %s", len(wire), count,
			Tensor[T]{}.DataType())
	}
	data := make([]T, count)
	switch typed := any(data).(type) {
	case []bool:
		// Not copied in bulk: a Go bool that is neither 0 nor 1 in memory has no defined meaning.
		for at, value := range wire {
			typed[at] = value != 0
		}
	default:
		if littleEndian() {
			copy(memoryOf(data), wire)
		} else {
			decodeSwapped(wire, data)
		}
	}
	return data, nil
}

func decodeSwapped[T Element](wire []byte, data []T) {
	if _, err := binary.Decode(wire, binary.LittleEndian, data); err != nil {
		// The sizes have been compared, and Element has no type that Decode refuses.
		panic(err)
	}
}

// decodeTensor returns the tensor that the service sent, in memory of its own.
func decodeTensor(message *edunnpb.Tensor) (AnyTensor, error) {
	switch message.GetDataType() {
	case edunnpb.DataType_DATA_TYPE_BOOL:
		return decodeAs[bool](message)
	case edunnpb.DataType_DATA_TYPE_INT32:
		return decodeAs[int32](message)
	case edunnpb.DataType_DATA_TYPE_INT64:
		return decodeAs[int64](message)
	case edunnpb.DataType_DATA_TYPE_FLOAT32:
		return decodeAs[float32](message)
	case edunnpb.DataType_DATA_TYPE_FLOAT64:
		return decodeAs[float64](message)
	default:
		return nil, malformed("a tensor of %v, which this client does not know",
			message.GetDataType())
	}
}

func decodeAs[T Element](message *edunnpb.Tensor) (AnyTensor, error) {
	count, err := elementCount(message.GetShape())
	if err != nil {
		return nil, malformed("a malformed tensor: %v", err)
	}
	data, err := elements[T](message.GetData(), count)
	if err != nil {
		return nil, malformed("a malformed tensor: %v", err)
	}
	shape := make([]int, len(message.GetShape()))
	for axis, length := range message.GetShape() {
		shape[axis] = int(length)
	}
	return Tensor[T]{Shape: shape, Data: data}, nil
}

// malformed is the error for an answer that breaks the contract.
func malformed(format string, arguments ...any) *Error {
	return &Error{
		Code:    codes.Internal,
		Message: "the service sent " + fmt.Sprintf(format, arguments...),
	}
}

// encodeTensors returns the messages of named tensors; field is the caller's name for the map.
func encodeTensors(field string, tensors map[string]AnyTensor) (map[string]*edunnpb.Tensor, error) {
	messages := make(map[string]*edunnpb.Tensor, len(tensors))
	for name, tensor := range tensors {
		message, err := encodeTensor(fmt.Sprintf("%s[%s]", field, name), tensor)
		if err != nil {
			return nil, err
		}
		messages[name] = message
	}
	return messages, nil
}

func encodeTensor(field string, tensor AnyTensor) (*edunnpb.Tensor, error) {
	if isNil(tensor) {
		return nil, invalid(field, "is nil")
	}
	return tensor.encode(field)
}

func decodeTensors(messages map[string]*edunnpb.Tensor) (map[string]AnyTensor, error) {
	tensors := make(map[string]AnyTensor, len(messages))
	for name, message := range messages {
		tensor, err := decodeTensor(message)
		if err != nil {
			return nil, err
		}
		tensors[name] = tensor
	}
	return tensors, nil
}
