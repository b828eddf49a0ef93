package main

import (
	"context"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/edunn/edunn-serving/clients/go/edunntest"
)

// keeping keeps its spans when it is shut down.
type keeping struct{ *tracetest.InMemoryExporter }

func (keeping) Shutdown(context.Context) error { return nil }

func TestEachCallIsASpan(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	if err := run(t.Context(), edunntest.Start(t).Address, keeping{exporter}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, span := range exporter.GetSpans() {
		names = append(names, span.Name)
	}
	expected := []string{}
	for _, method := range []string{"CreateSession", "AddLayer", "Forward", "DeleteSession"} {
		expected = append(expected, "edunn_serving.v1.LayerService/"+method)
	}
	if !slices.Equal(names, expected) {
		t.Errorf("got %q", names)
	}
}
