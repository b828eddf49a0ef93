package edunn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func Example() {
	ctx := context.Background()
	client, err := edunn.NewClient(os.Getenv("EDUNN_TARGET"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	session, err := client.CreateSession(ctx, edunn.WithSeed(7))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close(ctx)
	drop, err := session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
	if err != nil {
		log.Fatal(err)
	}
	x := edunn.NewTensor([]float64{1, 2, 3, 4}, 2, 2)
	y, err := drop.Forward(ctx, x, edunn.WithPhase(edunn.Test))
	if err != nil {
		log.Fatal(err)
	}
	same, err := edunn.As[float64](y)
	fmt.Println(y.Phase, same.Shape, same.Data, err)
	// Prints: test [2 2] [1 2 3 4] <nil>
}

func ExampleClient_Compute() {
	ctx := context.Background()
	client, err := edunn.NewClient(os.Getenv("EDUNN_TARGET"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	session, err := client.CreateSession(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close(ctx)
	relu, err := session.AddLayer(ctx, "relu", "ReLU", nil)
	if err != nil {
		log.Fatal(err)
	}
	g := edunn.NewTensor([]float64{10}, 1, 1)
	operations := func(yield func(edunn.Operation) bool) {
		for _, value := range []float64{-1, 1} {
			x := edunn.NewTensor([]float64{value}, 1, 1)
			if !yield(edunn.Forward(relu, x)) || !yield(edunn.Backward(relu, g)) {
				return
			}
		}
	}
	for result, err := range client.Compute(ctx, operations, edunn.WithInFlight(64)) {
		if err != nil {
			log.Fatal(err)
		}
		if result.Gradients == nil {
			continue
		}
		gradient, err := edunn.As[float64](result.Gradients.Input)
		fmt.Println(gradient.Data, err)
	}
	// Prints: [0] <nil>
	// Prints: [10] <nil>
}

func ExampleLayer_SetParameters() {
	ctx := context.Background()
	client, err := edunn.NewClient(os.Getenv("EDUNN_TARGET"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	session, err := client.CreateSession(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close(ctx)
	bias, err := session.AddLayer(ctx, "bias", "Bias", edunn.Config{"output_size": 2})
	if err != nil {
		log.Fatal(err)
	}
	values := map[string]edunn.AnyTensor{"b": edunn.NewTensor([]float64{0.5, 1}, 2)}
	if err := bias.SetParameters(ctx, values); err != nil {
		log.Fatal(err)
	}
	parameters, err := edunn.AsAll[float64](bias.Parameters(ctx))
	fmt.Println(parameters["b"].Data, err)
	// Prints: [0.5 1] <nil>
}

func ExampleError() {
	ctx := context.Background()
	client, err := edunn.NewClient(os.Getenv("EDUNN_TARGET"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	session, err := client.CreateSession(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close(ctx)
	_, err = session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 1.5})
	var failure *edunn.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Code, failure.Violations[0].Field)
	}
	_, err = session.Layer("gone").Forward(ctx, edunn.NewTensor([]float64{1}, 1))
	fmt.Println(errors.Is(err, edunn.ErrLayerNotFound))
	// Prints: InvalidArgument layer.config.p
	// Prints: true
}

// An "Output:" comment would run the examples where there is no service too, so this test does it.
func TestExamplesPrintWhatTheySay(t *testing.T) {
	serviceAddress(t)
	source, err := os.ReadFile("example_test.go")
	must(t, err)
	var expected strings.Builder
	for line := range strings.Lines(string(source)) {
		if _, printed, is := strings.Cut(line, "\t// Prints: "); is {
			expected.WriteString(printed)
		}
	}
	got := printed(t, func() {
		Example()
		ExampleClient_Compute()
		ExampleLayer_SetParameters()
		ExampleError()
	})
	if got != expected.String() {
		t.Errorf("got\n%sexpected\n%s", got, expected.String())
	}
}

// printed returns what run writes to the standard output.
func printed(t *testing.T, run func()) string {
	t.Helper()
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	reader, writer, err := os.Pipe()
	must(t, err)
	os.Stdout = writer
	run()
	must(t, writer.Close())
	text, err := io.ReadAll(reader)
	must(t, err)
	return string(text)
}
