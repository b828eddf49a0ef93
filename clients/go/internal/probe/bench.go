package main

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

const callers = 64

type figures struct {
	Median          float64 `json:"p50_ms"`
	UnaryPerSecond  float64 `json:"unary_per_second"`
	StreamPerSecond float64 `json:"stream_per_second"`
}

// bench measures forwards: one caller, many callers, one stream, each for so many seconds.
func bench(ctx context.Context, client *edunn.Client, seconds float64) error {
	session, err := client.CreateSession(ctx, edunn.WithSeed(1))
	if err != nil {
		return err
	}
	defer session.Close(ctx)
	drop, err := session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
	if err != nil {
		return err
	}
	duration := time.Duration(seconds * float64(time.Second))
	var found figures
	var failures [3]error
	found.Median, failures[0] = timeOneCaller(ctx, drop, duration)
	found.UnaryPerSecond, failures[1] = timeCallers(ctx, drop, duration)
	found.StreamPerSecond, failures[2] = timeStream(ctx, client, drop, duration)
	if err := errors.Join(failures[:]...); err != nil {
		return err
	}
	return printJSON(found)
}

// timeOneCaller returns the median time of a call in milliseconds.
func timeOneCaller(
	ctx context.Context, drop *edunn.Layer, duration time.Duration,
) (float64, error) {
	x := ones(8, 64)
	var times []time.Duration
	for began := time.Now(); time.Since(began) < duration; {
		call := time.Now()
		if _, err := drop.Forward(ctx, x); err != nil {
			return 0, err
		}
		times = append(times, time.Since(call))
	}
	slices.Sort(times)
	return times[len(times)/2].Seconds() * 1e3, nil
}

// timeCallers returns calls a second of many callers.
func timeCallers(ctx context.Context, drop *edunn.Layer, duration time.Duration) (float64, error) {
	x := ones(8, 64)
	var done [callers]int
	var failures [callers]error
	began := time.Now()
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for time.Since(began) < duration && failures[caller] == nil {
				_, failures[caller] = drop.Forward(ctx, x)
				done[caller]++
			}
		})
	}
	group.Wait()
	total := 0
	for _, count := range done {
		total += count
	}
	return float64(total) / time.Since(began).Seconds(), errors.Join(failures[:]...)
}

// timeStream returns operations a second of one stream.
func timeStream(
	ctx context.Context, client *edunn.Client, drop *edunn.Layer, duration time.Duration,
) (float64, error) {
	x := ones(8, 64)
	began := time.Now()
	var operations iter.Seq[edunn.Operation] = func(yield func(edunn.Operation) bool) {
		for time.Since(began) < duration && yield(edunn.Forward(drop, x)) {
		}
	}
	done := 0
	for _, err := range client.Compute(ctx, operations, edunn.WithInFlight(callers)) {
		if err != nil {
			return 0, err
		}
		done++
	}
	return float64(done) / time.Since(began).Seconds(), nil
}
