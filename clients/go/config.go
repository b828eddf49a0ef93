package edunn

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
)

// Config is a layer's configuration by field name. Values are what JSON has: numbers, strings,
// booleans, nil, slices, and Configs or other maps with string keys. A Sequential takes its layers
// so:
//
//	edunn.Config{"layers": []edunn.Config{
//		{"name": "l1", "type": "Linear", "config": edunn.Config{"input_size": 10, "output_size": 4}},
//		{"name": "r1", "type": "ReLU"},
//	}}
type Config map[string]any

// String shows the fields by name.
func (c Config) String() string {
	fields := make([]string, 0, len(c))
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fields = append(fields, fmt.Sprintf("%s: %v", name, c[name]))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// The contract bounds how deep messages may lie within each other: each object of a configuration
// puts three around its values, each list two, and so each layer within another one eight.
const (
	deepestLayers = 10
	deepestConfig = 8*deepestLayers + 4
	objectDepth   = 3
	listDepth     = 2
)

// Above this a double, which is what numbers travel as, no longer holds every integer.
const largestInteger = 1 << 53

// encode returns the configuration as it travels; field is what an error calls it.
func (c Config) encode(field string) (*structpb.Struct, error) {
	value, err := encodeMap(field, reflect.ValueOf(c), deepestConfig)
	return value.GetStructValue(), err
}

func encodeValue(field string, value reflect.Value, depth int) (*structpb.Value, error) {
	if depth < 0 {
		return nil, invalid("layer.config", "at most %d layers may lie within each other",
			deepestLayers)
	}
	switch value.Kind() {
	case reflect.Invalid:
		return structpb.NewNullValue(), nil
	case reflect.Interface:
		return encodeValue(field, value.Elem(), depth)
	case reflect.Pointer:
		// It costs something, so that one that points at itself comes to an end.
		return encodeValue(field, value.Elem(), depth-1)
	case reflect.Bool:
		return structpb.NewBoolValue(value.Bool()), nil
	case reflect.String:
		return structpb.NewStringValue(value.String()), nil
	case reflect.Float32, reflect.Float64:
		return structpb.NewNumberValue(value.Float()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if number := value.Int(); -largestInteger <= number && number <= largestInteger {
			return structpb.NewNumberValue(float64(number)), nil
		}
		return nil, invalid(field, "%v is too large: the service would round it", value)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if number := value.Uint(); number <= largestInteger {
			return structpb.NewNumberValue(float64(number)), nil
		}
		return nil, invalid(field, "%v is too large: the service would round it", value)
	case reflect.Slice, reflect.Array:
		return encodeList(field, value, depth)
	case reflect.Map:
		return encodeMap(field, value, depth)
	default:
		return nil, invalid(field, "cannot be a %v", value.Type())
	}
}

func encodeList(field string, value reflect.Value, depth int) (*structpb.Value, error) {
	items := make([]*structpb.Value, value.Len())
	for at := range items {
		var err error
		items[at], err = encodeValue(fmt.Sprintf("%s[%d]", field, at), value.Index(at),
			depth-listDepth)
		if err != nil {
			return nil, err
		}
	}
	return structpb.NewListValue(&structpb.ListValue{Values: items}), nil
}

func encodeMap(field string, value reflect.Value, depth int) (*structpb.Value, error) {
	if value.Type().Key().Kind() != reflect.String {
		return nil, invalid(field, "cannot be a %v: names must be strings", value.Type())
	}
	fields := make(map[string]*structpb.Value, value.Len())
	for entries := value.MapRange(); entries.Next(); {
		name := entries.Key().String()
		encoded, err := encodeValue(field+"."+name, entries.Value(), depth-objectDepth)
		if err != nil {
			return nil, err
		}
		fields[name] = encoded
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields}), nil
}
