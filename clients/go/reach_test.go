package edunn_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// logbook is a log that a test reads.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) option() edunn.Option {
	return edunn.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

// awaitLine waits until the log has a text.
func (l *logbook) awaitLine(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(l.String(), text) {
		if t.Context().Err() != nil {
			t.Fatalf("%q is not in\n%s", text, l)
		}
		time.Sleep(time.Millisecond)
	}
}

// vacantAddress returns an address where nobody listens.
func vacantAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())
	return listener.Addr().String()
}

// What never left the client waits for the service, though its repetition would not be safe.
func TestWhatHasNotBeenSentWaitsForTheConnection(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *edunn.Client, *edunn.Layer) error{
		"CreateSession": func(ctx context.Context, client *edunn.Client, _ *edunn.Layer) error {
			_, err := client.CreateSession(ctx, edunn.WithSessionID("mine"))
			return err
		},
		"AddLayer": func(ctx context.Context, _ *edunn.Client, layer *edunn.Layer) error {
			_, err := layer.Session().AddLayer(ctx, "l2", "ReLU", nil)
			return err
		},
		"Forward": func(ctx context.Context, _ *edunn.Client, layer *edunn.Layer) error {
			_, err := layer.Forward(ctx, ones(1), edunn.Untracked())
			return err
		},
		"Compute": func(ctx context.Context, client *edunn.Client, layer *edunn.Layer) error {
			stream, err := client.OpenStream(ctx)
			if err != nil {
				return err
			}
			pending, err := stream.Send(ctx, edunn.Forward(layer, ones(1)))
			if err != nil {
				return err
			}
			if _, err := pending.Wait(ctx); err != nil {
				return err
			}
			return stream.Close()
		},
	}
	for method, run := range calls {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var log logbook
			first := newScriptedServer(t)
			client := connect(t, first.address, log.option())
			layer := scriptedLayer(t, first, client)
			first.stop()
			log.awaitLine(t, "disconnected")
			ended := make(chan error, 1)
			go func() { ended <- run(t.Context(), client, layer) }()
			log.awaitLine(t, method+" is tried again")

			again := newScriptedServerAt(t, first.address)
			again.computeBy(echo)
			again.next("CreateSession", reply(&edunnpb.CreateSessionResponse{Session: sessionAnswer()}))
			again.next("AddLayer", reply(&edunnpb.AddLayerResponse{Layer: &edunnpb.Layer{Name: "l2"}}))
			again.next("Forward", forwarded)
			must(t, <-ended)
			log.awaitLine(t, "connected again")
			if method != "Compute" && again.calls(method) != 1 {
				t.Errorf("%d calls", again.calls(method))
			}
		})
	}
}

func TestACallThatFindsNobodyUntilItsDeadlineSaysWhy(t *testing.T) {
	t.Parallel()
	address := vacantAddress(t)
	client := connect(t, address, edunn.WithTimeout(time.Second))
	_, err := client.LayerTypes(t.Context())
	if !errors.Is(err, edunn.ErrUnavailable) && !errors.Is(err, edunn.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(err.Error(), "no service answers at "+address) ||
		!strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

func TestAddressesThatAreNoneAreRefusedWithWhatToWrite(t *testing.T) {
	t.Parallel()
	for address, write := range map[string]string{
		"":                              "localhost:50051",
		" ":                             "localhost:50051",
		"localhost":                     "localhost:50051",
		"::1":                           "[::1]:50051",
		":50051":                        "localhost:50051",
		"http://localhost:50051":        `"localhost:50051"`,
		"grpc://localhost":              `"localhost:50051"`,
		"https://layers.example.org/v1": `"layers.example.org:443" and add WithTLS`,
		"localhost:50051/v1":            "localhost:50051",
		"localhost:port":                "1 to 65535",
		"localhost:0":                   "1 to 65535",
		"localhost:65536":               "1 to 65535",
		"local host:50051":              "localhost:50051",
		"localhost:50051,":              "localhost:50051",
		"localhost:50051,other":         "other:50051",
		"localhost:50051,unix:///run/e": "host:port",
	} {
		_, err := edunn.NewClient(address)
		if !errors.Is(err, edunn.ErrInvalidArgument) || !strings.Contains(err.Error(), write) {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestAddressesOfEveryKindAreTaken(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"localhost:50051", "127.0.0.1:50051", "[::1]:50051", "layers.example.org:443",
		"dns:///layers.example.org:443", "unix:///run/edunn.sock", "unix:edunn.sock",
		"passthrough:///anything", "a:1, b:2",
	} {
		client, err := edunn.NewClient(address)
		must(t, err)
		if text := client.String(); !strings.Contains(text, strings.Fields(address)[0]) {
			t.Errorf("%s is shown as %q", address, text)
		}
		must(t, client.Close())
	}
}

func TestSeveralServersAreOneService(t *testing.T) {
	t.Parallel()
	first, second := newScriptedServer(t), newScriptedServer(t)
	for range 100 {
		first.next("GetSession", gotSession())
		second.next("GetSession", gotSession())
	}
	client := connect(t, first.address+","+second.address)
	call := func() {
		t.Helper()
		_, err := client.GetSession(t.Context(), "s1")
		must(t, err)
	}
	for first.calls("GetSession") == 0 || second.calls("GetSession") == 0 {
		call()
	}
	first.stop()
	before := second.calls("GetSession")
	for range 10 {
		call()
	}
	if calls := second.calls("GetSession") - before; calls != 10 {
		t.Errorf("%d calls", calls)
	}
	again := newScriptedServerAt(t, first.address)
	for range 1000 {
		again.next("GetSession", gotSession())
		second.next("GetSession", gotSession())
	}
	for again.calls("GetSession") == 0 {
		call()
	}
}

// A proxy is read from the environment once in a process, so the calls are made by another.
func TestProxies(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.next("GetSession", gotSession())
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	for address, expected := range map[string]string{
		server.address:        "session s1",
		"layers.invalid:5006": "the proxy http://" + silent.Addr().String() + ", which the environment",
		"layers.invalid:5005": "the proxy http://" + vacantAddress(t) + ", which the environment",
	} {
		proxy := "http://" + vacantAddress(t)
		if _, rest, found := strings.Cut(expected, "http://"); found {
			at, _, _ := strings.Cut(rest, ",")
			proxy = "http://" + at
		}
		call := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOneCall$", "-test.v")
		call.Env = append(os.Environ(), "HTTPS_PROXY="+proxy, "EDUNN_TEST_CALL="+address)
		output, err := call.CombinedOutput()
		must(t, err)
		if !strings.Contains(string(output), expected) {
			t.Errorf("%s: %q is not in\n%s", address, expected, output)
		}
	}
}

// TestOneCall is what TestProxies runs.
func TestOneCall(t *testing.T) {
	address := os.Getenv("EDUNN_TEST_CALL")
	if address == "" {
		return
	}
	info, err := connect(t, address).GetSession(t.Context(), "s1")
	t.Logf("session %s, error %v", info.ID, err)
}

func TestSlowCallsAreTold(t *testing.T) {
	t.Parallel()
	var log logbook
	server := newScriptedServer(t)
	server.next("GetSession", unavailable(), gotSession())
	client := connect(t, server.address, log.option(), edunn.WithSlowCall(time.Nanosecond))
	_, err := client.GetSession(t.Context(), "s1")
	must(t, err)
	for _, line := range []string{
		`msg="edunn: GetSession is tried again" attempt=2`, "reason=UNAVAILABLE",
		`msg="edunn: GetSession was slow"`, "attempts=2",
	} {
		log.awaitLine(t, line)
	}
}

func TestAnErrorThatTheClientMadeHasAReason(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t, grpc.MaxRecvMsgSize(1000))
	layer := scriptedLayer(t, server, connect(t, server.address))
	_, err := layer.Forward(t.Context(), ones(1000))
	if !errors.Is(err, edunn.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	small := connect(t, server.address, edunn.WithCallOptions(grpc.MaxCallSendMsgSize(100)))
	_, err = scriptedLayer(t, server, small).Forward(t.Context(), ones(1000))
	if !errors.Is(err, edunn.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	for code, reason := range map[codes.Code]edunn.Reason{
		codes.Unavailable: edunn.ErrUnavailable, codes.DeadlineExceeded: edunn.ErrDeadlineExceeded,
		codes.Canceled: edunn.ErrCancelled,
	} {
		if failure := failWith(t, plain(code)); failure.Reason != reason {
			t.Errorf("got %v", failure)
		}
	}
}
