// Probe is the program that the tests and the benchmark across all clients run; the README of
// clients/conformance says what it does.
//
//	go run ./internal/probe sessions 100
//	go run ./internal/probe bench 5
//	go run ./internal/probe numbers 200
//
// With EDUNN_SHARE_STREAM=1 the calls share a stream.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: probe sessions N | probe bench SECONDS | probe numbers N")
	}
	number, err := strconv.ParseFloat(arguments[1], 64)
	if err != nil {
		return err
	}
	// As long as a call of numbers waits for a service that is killed meanwhile.
	options := []edunn.Option{edunn.WithTimeout(2 * time.Minute)}
	if os.Getenv("EDUNN_SHARE_STREAM") != "" {
		options = append(options, edunn.WithSharedStream())
	}
	client, err := edunn.NewClient(cmp.Or(os.Getenv("EDUNN_TARGET"), "127.0.0.1:50051"), options...)
	if err != nil {
		return err
	}
	defer client.Close()
	switch arguments[0] {
	case "sessions":
		return openSessions(ctx, client, int(number))
	case "bench":
		return bench(ctx, client, number)
	case "numbers":
		return numbers(ctx, client, int(number))
	default:
		return fmt.Errorf("unknown command %q", arguments[0])
	}
}

func printJSON(value any) error { return json.NewEncoder(os.Stdout).Encode(value) }

func ones(shape ...int) edunn.Tensor[float64] {
	size := 1
	for _, length := range shape {
		size *= length
	}
	data := make([]float64, size)
	for at := range data {
		data[at] = 1
	}
	return edunn.NewTensor(data, shape...)
}
