package edunn_test

import (
	"os"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// serviceAddress returns where the running service listens, or skips the test.
func serviceAddress(t testing.TB) string {
	t.Helper()
	address := os.Getenv("EDUNN_TARGET")
	if address == "" {
		t.Skip("no service: EDUNN_TARGET is not set")
	}
	return address
}

// connect returns a client of the service at address.
func connect(t testing.TB, address string, options ...edunn.Option) *edunn.Client {
	t.Helper()
	if token := os.Getenv("EDUNN_TOKEN"); token != "" {
		options = append([]edunn.Option{edunn.WithToken(token)}, options...)
	}
	client, err := edunn.NewClient(address, options...)
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// createSession returns a session that ends with the test.
func createSession(
	t testing.TB, client *edunn.Client, options ...edunn.SessionOption,
) *edunn.Session {
	t.Helper()
	session, err := client.CreateSession(t.Context(), options...)
	must(t, err)
	t.Cleanup(func() { must(t, session.Close(t.Context())) })
	return session
}

// addLayer returns a layer of the session; the type is its name too.
func addLayer(
	t testing.TB, session *edunn.Session, layerType string, config edunn.Config,
) *edunn.Layer {
	t.Helper()
	layer, err := session.AddLayer(t.Context(), layerType, layerType, config)
	must(t, err)
	return layer
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ones returns a float64 tensor of ones.
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
