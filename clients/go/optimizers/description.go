// Package optimizers describes the optimizers of the catalogue with Go types, so that an editor
// completes their configurations:
//
//	result, err := net.TrainStep(ctx, x, goal, loss, optimizers.Adam().Lr(0.01))
//
// What may be left out is a method. Descriptions are values: a method returns another one. The
// service checks them: its errors name the fields at fault.
package optimizers

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
