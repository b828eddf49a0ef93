package edunn

import (
	"time"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// LayerType is one entry of the catalogue: a kind of layer that a session can have.
type LayerType struct {
	// Type is the name for [Session.AddLayer].
	Type string
	// Summary says what the layer computes.
	Summary string
	// ConfigFields are the fields of its configuration.
	ConfigFields []ConfigField
	// Inputs names the tensors that a forward takes, in order.
	Inputs []string
	// Parameters are the arrays that the layer learns.
	Parameters []ParameterType
	// Buffers are the arrays that it keeps but does not learn, such as BatchNorm's means.
	Buffers []ParameterType
}

// OptimizerType is one entry of the catalogue of optimizers.
type OptimizerType struct {
	// Type is the name for [NewOptimizer].
	Type string
	// Summary says how it changes a parameter.
	Summary string
	// ConfigFields are the fields of its configuration.
	ConfigFields []ConfigField
}

// ConfigField is one field of a layer type's or an optimizer type's configuration.
type ConfigField struct {
	// Name is the field's name in a [Config].
	Name string
	// Type is the kind of value: "float", "integer", "boolean", "string", or one that the Summary
	// describes.
	Type string
	// Required tells whether the field must be given.
	Required bool
	// Default is the value of a field that is left out; nil if it is required.
	Default any
	// Summary says what the field means.
	Summary string
	// Bounds are the values allowed, such as "0 <= p < 1"; empty where the type says all.
	Bounds string
}

// ParameterType is a parameter of a layer type.
type ParameterType struct {
	// Name is the parameter's name, such as "w".
	Name string
	// Shape is in terms of the configuration, such as "(input_size, output_size)".
	Shape string
}

// LayerInfo is a layer as it stands in a session.
type LayerInfo struct {
	// Name is how the session's calls address the layer.
	Name string
	// Type is one of the catalogue.
	Type string
	// Config is the configuration as it was given; numbers are float64.
	Config Config
	// Parameters are the parameters and buffers, without their values.
	Parameters []ParameterInfo
}

// ParameterInfo is a parameter or buffer of a layer in a session, without its values.
type ParameterInfo struct {
	// Name is the parameter's name, such as "w"; inside a Sequential "layer(w)".
	Name string
	// DataType says what its elements are.
	DataType DataType
	// Shape is the size of each axis.
	Shape []int
}

// SessionInfo is a session as it stands.
type SessionInfo struct {
	// ID is the session's name.
	ID string
	// Phase is that of the forwards that name none.
	Phase Phase
	// Seed is that of everything random in the session.
	Seed uint64
	// Layers are in the order in which they were added.
	Layers []LayerInfo
	// TTL is how long the session outlives its last use.
	TTL time.Duration
	// CreateTime is when the session was created.
	CreateTime time.Time
	// ExpireTime is when the session will end unless it is used before.
	ExpireTime time.Time
}

func decodeLayerTypes(messages []*edunnpb.LayerType) []LayerType {
	return each(messages, func(message *edunnpb.LayerType) LayerType {
		return LayerType{
			Type:         message.GetType(),
			Summary:      message.GetSummary(),
			ConfigFields: each(message.GetConfigFields(), decodeConfigField),
			Inputs:       message.GetInputs(),
			Parameters:   each(message.GetParameters(), decodeParameterType),
			Buffers:      each(message.GetBuffers(), decodeParameterType),
		}
	})
}

func decodeOptimizerType(message *edunnpb.OptimizerType) OptimizerType {
	return OptimizerType{
		Type:         message.GetType(),
		Summary:      message.GetSummary(),
		ConfigFields: each(message.GetConfigFields(), decodeConfigField),
	}
}

func decodeConfigField(message *edunnpb.ConfigField) ConfigField {
	return ConfigField{
		Name:     message.GetName(),
		Type:     message.GetType(),
		Required: message.GetRequired(),
		Default:  message.GetDefaultValue().AsInterface(),
		Summary:  message.GetSummary(),
		Bounds:   message.GetBounds(),
	}
}

func decodeParameterType(message *edunnpb.ParameterType) ParameterType {
	return ParameterType{Name: message.GetName(), Shape: message.GetShape()}
}

func decodeLayer(message *edunnpb.Layer) LayerInfo {
	return LayerInfo{
		Name:       message.GetName(),
		Type:       message.GetType(),
		Config:     message.GetConfig().AsMap(),
		Parameters: each(message.GetParameters(), decodeParameterInfo),
	}
}

func decodeParameterInfo(message *edunnpb.ParameterInfo) ParameterInfo {
	return ParameterInfo{
		Name:     message.GetName(),
		DataType: decodeDataType(message.GetDataType()),
		Shape:    each(message.GetShape(), func(length int64) int { return int(length) }),
	}
}

func decodeSession(message *edunnpb.Session) SessionInfo {
	return SessionInfo{
		ID:         message.GetSessionId(),
		Phase:      Phase(message.GetPhase()),
		Seed:       message.GetSeed(),
		Layers:     each(message.GetLayers(), decodeLayer),
		TTL:        message.GetTtl().AsDuration(),
		CreateTime: message.GetCreateTime().AsTime(),
		ExpireTime: message.GetExpireTime().AsTime(),
	}
}

func each[From, To any](from []From, convert func(From) To) []To {
	to := make([]To, len(from))
	for at, value := range from {
		to[at] = convert(value)
	}
	return to
}
