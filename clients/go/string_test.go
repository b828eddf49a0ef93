package edunn_test

import (
	"fmt"
	"strings"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
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
