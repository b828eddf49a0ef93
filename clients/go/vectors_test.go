package edunn_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// vectors are PyTorch's numbers for one layer type, in ../../tests/vectors.
type vectors struct {
	Layer string       `json:"layer"`
	Cases []vectorCase `json:"cases"`
}

type vectorCase struct {
	Name               string                `json:"name"`
	Config             edunn.Config          `json:"config"`
	Phase              string                `json:"phase"`
	Parameters         map[string]jsonTensor `json:"parameters"`
	StateBefore        map[string]jsonTensor `json:"state_before"`
	Inputs             []jsonTensor          `json:"inputs"`
	Output             jsonTensor            `json:"output"`
	OutputGradient     jsonTensor            `json:"output_gradient"`
	InputGradients     []*jsonTensor         `json:"input_gradients"`
	ParameterGradients map[string]jsonTensor `json:"parameter_gradients"`
	StateAfter         map[string]jsonTensor `json:"state_after"`
	Mask               *jsonTensor           `json:"mask"`
}

func TestVectors(t *testing.T) {
	address := serviceAddress(t)
	files, err := filepath.Glob("../../tests/vectors/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no vectors in ../../tests/vectors")
	}
	for _, file := range files {
		if filepath.Base(file) == "optimizers.json" {
			continue
		}
		text, err := os.ReadFile(file)
		must(t, err)
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		var data vectors
		must(t, decoder.Decode(&data))
		for _, vector := range data.Cases {
			if vector.Mask != nil {
				continue // a service draws its own
			}
			t.Run(data.Layer+"/"+vector.Name, func(t *testing.T) {
				t.Parallel()
				checkVector(t, connect(t, address), data.Layer, vector)
			})
		}
	}
}

func checkVector(t *testing.T, client *edunn.Client, layerType string, vector vectorCase) {
	given := map[string]jsonTensor{}
	maps.Copy(given, vector.Parameters)
	maps.Copy(given, vector.StateBefore)
	parameters, err := parseTensors(given)
	must(t, err)
	phase, err := parsePhase(vector.Phase)
	must(t, err)
	var inputs edunn.Inputs
	for _, input := range vector.Inputs {
		tensor, err := input.tensor()
		must(t, err)
		inputs = append(inputs, tensor)
	}
	gradient, err := vector.OutputGradient.tensor()
	must(t, err)

	session := createSession(t, client, edunn.WithSeed(0))
	layer, err := session.AddLayer(t.Context(), "layer", layerType, vector.Config,
		edunn.WithParameters(parameters))
	must(t, err)
	output, err := layer.Forward(t.Context(), inputs, edunn.WithPhase(phase))
	must(t, err)
	gradients, err := layer.Backward(t.Context(), gradient)
	must(t, err)
	after, err := layer.Parameters(t.Context())
	must(t, err)

	must(t, vector.Output.check(output))
	must(t, vector.InputGradients[len(vector.InputGradients)-1].check(gradients.Input))
	must(t, checkAll(gradients.Parameters, vector.ParameterGradients))
	for name, expected := range vector.StateAfter {
		must(t, expected.check(after[name]))
	}
}
