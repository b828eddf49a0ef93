// Opentelemetry traces the calls of a client: a span for each attempt, with gRPC's own
// instrumentation, printed here to the standard output.
//
//	go run . localhost:50051
package main

import (
	"context"
	"log"
	"os"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/layers"
)

func main() {
	exporter, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		log.Fatal(err)
	}
	if err := run(context.Background(), os.Args[1], exporter); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string, exporter trace.SpanExporter) error {
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter))
	defer provider.Shutdown(ctx)
	client, err := edunn.NewClient(address, edunn.WithDialOptions(
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(provider))),
	))
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.CreateSession(ctx)
	if err != nil {
		return err
	}
	defer session.Close(ctx)
	drop, err := session.Add(ctx, "drop", layers.Dropout().P(0.5))
	if err != nil {
		return err
	}
	_, err = drop.Forward(ctx, edunn.NewTensor([]float64{1, 2, 3, 4}, 2, 2))
	return err
}
