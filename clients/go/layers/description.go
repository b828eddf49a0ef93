// Package layers describes the layers and initializers of the catalogue with Go types, so that an
// editor completes their configurations:
//
//	drop, err := session.Add(ctx, "drop", layers.Dropout().P(0.5))
//	net, err := session.Add(ctx, "net", layers.Sequential(
//		layers.Name("l1", layers.Linear(10, 4).Initializer(layers.KaimingUniform())),
//		layers.Name("r1", layers.ReLU()),
//	))
//
// What must be given is an argument, what may be left out is a method. Descriptions are values: a
// method returns another one. The service checks them: its errors name the fields at fault.
package layers

import (
	"maps"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// description is a type with its configuration.
type description struct {
	name   string
	config edunn.Config
}

func describe(name string) description { return description{name: name} }

func (d description) with(field string, value any) description {
	config := edunn.Config{}
	maps.Copy(config, d.config)
	config[field] = value
	return description{d.name, config}
}

// Type returns the type's name in the catalogue.
func (d description) Type() string { return d.name }

// Config returns the fields that have been given.
func (d description) Config() edunn.Config { return d.config }

// String shows the type and the fields that have been given.
func (d description) String() string { return d.name + d.config.String() }

// Initializer says how a parameter starts, such as [Zero].
type Initializer interface {
	edunn.LayerSpec
	initializer()
}

// Size is a number for each axis of an image, made by [Int] or [Pair].
type Size struct{ of any }

// Int is the same number for both axes.
func Int(both int) Size { return Size{both} }

// Pair is a number for the height and one for the width.
func Pair(height, width int) Size { return Size{[]int{height, width}} }

func (s Size) value() any { return s.of }

// Named is a layer within a [Sequential].
type Named struct {
	name   string
	spec   edunn.LayerSpec
	frozen bool
}

// Name names a layer within a [Sequential]: its parameters are then called "name(w)". The empty
// name leaves it to the service.
func Name(name string, spec edunn.LayerSpec) Named { return Named{name: name, spec: spec} }

// Frozen returns the same layer without gradients of its parameters.
func (n Named) Frozen() Named {
	n.frozen = true
	return n
}

func object(spec edunn.LayerSpec) edunn.Config {
	within := edunn.Config{"type": spec.Type()}
	if config := spec.Config(); len(config) > 0 {
		within["config"] = config
	}
	return within
}

func objects(layers []Named) []edunn.Config {
	within := make([]edunn.Config, len(layers))
	for at, layer := range layers {
		within[at] = object(layer.spec)
		if layer.name != "" {
			within[at]["name"] = layer.name
		}
		if layer.frozen {
			within[at]["frozen"] = true
		}
	}
	return within
}
