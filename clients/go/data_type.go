package edunn

import (
	"strings"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// DataType names what a tensor's elements are, by the names of Go and NumPy.
type DataType string

// The data types of the contract. Go has no float16, so no [Tensor] has it; a layer's parameters
// may.
const (
	Bool    DataType = "bool"
	Int32   DataType = "int32"
	Int64   DataType = "int64"
	Float16 DataType = "float16"
	Float32 DataType = "float32"
	Float64 DataType = "float64"
)

const dataTypePrefix = "DATA_TYPE_"

func (d DataType) encode() edunnpb.DataType {
	return edunnpb.DataType(edunnpb.DataType_value[dataTypePrefix+strings.ToUpper(string(d))])
}

func decodeDataType(dataType edunnpb.DataType) DataType {
	return DataType(strings.ToLower(strings.TrimPrefix(dataType.String(), dataTypePrefix)))
}
