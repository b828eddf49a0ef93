package edunn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/layers"
	"github.com/edunn/edunn-serving/clients/go/optimizers"
)

func TestWhatIsPrintedCanBeRead(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.computeBy(echo)
	client := connect(t, server.address)
	layer := scriptedLayer(t, server, client)
	x := edunn.NewTensor([]float64{0.5, 1}, 1, 2)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	forward, backward := edunn.Forward(layer, x), edunn.Backward(layer, x)
	pending, err := stream.Send(t.Context(), forward)
	must(t, err)
	result, err := pending.Wait(t.Context())
	must(t, err)
	for _, test := range []struct {
		value any
		text  string
	}{
		{client, "edunn.Client of " + server.address},
		{layer.Session(), "edunn.Session s1"},
		{layer, "edunn.Layer l1 of session s1"},
		{x, "float64[1 2] [0.5 1]"},
		{ones(100), "float64[100] [1 1 1 1 1 1 1 1 ...]"},
		{*result.Output, "float64[1 2] [0.5 1] of forward c1"},
		{result, "float64[1 2] [0.5 1] of forward c1"},
		{forward, "forward of float64[1 2] [0.5 1] through edunn.Layer l1 of session s1"},
		{backward, "backward of float64[1 2] [0.5 1] through edunn.Layer l1 of session s1"},
		{edunn.Gradients{Input: x, Parameters: map[string]edunn.AnyTensor{"w": ones(1)}},
			"input float64[1 2] [0.5 1], w float64[1] [1]"},
		{edunn.Result{}, "no result"},
		{layers.Dropout().P(0.25), "Dropout{p: 0.25}"},
		{layers.Sequential(layers.Name("l1", layers.ReLU())),
			"Sequential{layers: [{name: l1, type: ReLU}]}"},
		{optimizers.Adam().Lr(0.1), "Adam{lr: 0.1}"},
		{edunn.NewOptimizer("Adam", nil), "Adam{}"},
		{edunn.TrainingEvent{Started: &edunn.TrainingStarted{TrainingSamples: 9}},
			"started on 9 samples, validated by 0"},
		{edunn.TrainingEvent{Progress: &edunn.TrainingProgress{BatchesDone: 1, Batches: 2}},
			"0 epochs and 1 of 2 batches done, loss 0"},
		{edunn.TrainingEvent{Epoch: &edunn.EpochResult{Epoch: 1}},
			"epoch 1: training map[], validation map[]"},
		{edunn.TrainingEvent{Ended: &edunn.TrainingInfo{ID: "t1", State: edunn.TrainingSucceeded}},
			"training t1, succeeded"},
	} {
		if text := fmt.Sprint(test.value); text != test.text {
			t.Errorf("got %q, expected %q", text, test.text)
		}
	}
	if text := fmt.Sprint(pending); !strings.Contains(text, "of forward c1") {
		t.Errorf("got %q", text)
	}
	must(t, stream.Close())
}

func TestWhatIsNilIsNamed(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.computeBy(echo)
	client := connect(t, server.address)
	layer := scriptedLayer(t, server, client)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	send := func(operation edunn.Operation) error {
		_, err := stream.Send(t.Context(), operation)
		return err
	}
	compute := func(operation edunn.Operation) error {
		for _, err := range client.Compute(t.Context(), slices.Values([]edunn.Operation{operation})) {
			return err
		}
		return nil
	}
	for _, err := range []error{
		send(nil), send(edunn.Forward(nil, ones(1))), send(edunn.Backward(nil, ones(1))),
		send(edunn.Step(nil, nil)), send(edunn.Forward(layer, nil)),
		send(edunn.Backward(layer, nil)), send(edunn.TrainStep(layer, ones(1), ones(1), nil, nil)),
		compute(nil), compute(edunn.Forward(nil, ones(1))),
	} {
		if !errors.Is(err, edunn.ErrInvalidArgument) || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := layer.Session().Add(t.Context(), "l2", nil); !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
	must(t, stream.Close())
}
