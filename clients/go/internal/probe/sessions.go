package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

type drawn struct {
	Seed   uint64 `json:"seed"`
	SHA256 string `json:"sha256"`
}

// openSessions runs so many sessions at once and prints what each drew.
func openSessions(ctx context.Context, client *edunn.Client, count int) error {
	digests := make([]string, count)
	failures := make([]error, count)
	var sessions sync.WaitGroup
	for seed := range count {
		sessions.Go(func() { digests[seed], failures[seed] = runSession(ctx, client, uint64(seed)) })
	}
	sessions.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for seed, digest := range digests {
		if err := printJSON(drawn{uint64(seed), digest}); err != nil {
			return err
		}
	}
	return nil
}

// runSession returns the digest of a session's outputs, once each gradient has matched its own.
func runSession(ctx context.Context, client *edunn.Client, seed uint64) (string, error) {
	session, err := client.CreateSession(ctx, edunn.WithSeed(seed))
	if err != nil {
		return "", err
	}
	defer session.Close(ctx)
	drop, err := session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	x := ones(16, 64)
	for range 3 {
		output, err := edunn.As[float64](drop.Forward(ctx, x))
		if err != nil {
			return "", err
		}
		gradients, err := drop.Backward(ctx, x)
		if err != nil {
			return "", err
		}
		gradient, err := edunn.As[float64](gradients.Input)
		if err != nil {
			return "", err
		}
		if !slices.Equal(gradient.Data, output.Data) {
			return "", fmt.Errorf("session %d: the gradient is not that of the forward", seed)
		}
		if err := binary.Write(digest, binary.LittleEndian, output.Data); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
