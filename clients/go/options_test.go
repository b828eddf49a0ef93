package edunn_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func getSession(t *testing.T, ctx context.Context, client *edunn.Client, server *scriptedServer) {
	t.Helper()
	server.next("GetSession", gotSession())
	_, err := client.GetSession(ctx, "s1")
	must(t, err)
}

// sent returns a header of the calls that have come.
func (s *scriptedServer) sent(header string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	for _, came := range s.metadata {
		values = append(values, came.Get(header)...)
	}
	return values
}

func TestTheClientSaysWhatItIs(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	getSession(t, t.Context(), connect(t, server.address), server)
	agent := server.sent("user-agent")[0]
	if !strings.HasPrefix(agent, "edunn-go/"+edunn.Version+" ") {
		t.Errorf("got %q", agent)
	}
}

func TestHeadersOfACallTravel(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	client := connect(t, server.address)
	getSession(t, metadata.AppendToOutgoingContext(t.Context(), "x-trace", "7"), client, server)
	getSession(t, t.Context(), client, server)
	if got := server.sent("x-trace"); !slices.Equal(got, []string{"7"}) {
		t.Errorf("got %q", got)
	}
}

func TestInterceptorsSeeEveryAttempt(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	var unary, streams []string
	client := connect(t, server.address, quick(), edunn.WithDialOptions(
		grpc.WithChainUnaryInterceptor(func(
			ctx context.Context, method string, request, answer any, channel *grpc.ClientConn,
			invoke grpc.UnaryInvoker, options ...grpc.CallOption,
		) error {
			unary = append(unary, filepath.Base(method))
			return invoke(ctx, method, request, answer, channel, options...)
		}),
		grpc.WithChainStreamInterceptor(func(
			ctx context.Context, description *grpc.StreamDesc, channel *grpc.ClientConn, method string,
			open grpc.Streamer, options ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			streams = append(streams, filepath.Base(method))
			return open(ctx, description, channel, method, options...)
		}),
	))
	server.next("GetSession", unavailable())
	getSession(t, t.Context(), client, server)
	server.computeBy(echo)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	must(t, stream.Close())
	if !slices.Equal(unary, []string{"GetSession", "GetSession"}) ||
		!slices.Equal(streams, []string{"Compute"}) {
		t.Errorf("saw %q and %q", unary, streams)
	}
}

func TestAChannelOfTheCallersOwn(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	channel, err := grpc.NewClient(server.address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUserAgent("mine"))
	must(t, err)
	defer channel.Close()
	client, err := edunn.NewClientOn(channel, quick())
	must(t, err)
	server.next("GetSession", unavailable())
	getSession(t, t.Context(), client, server)
	must(t, client.Close())
	getSession(t, t.Context(), client, server) // its caller has not closed it
	if agent := server.sent("user-agent")[0]; !strings.HasPrefix(agent, "mine ") {
		t.Errorf("got %q", agent)
	}
}

// encodings notes how requests were compressed.
type encodings struct{ gzip atomic.Int32 }

func (e *encodings) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (e *encodings) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}

func (e *encodings) HandleConn(context.Context, stats.ConnStats) {}

func (e *encodings) HandleRPC(_ context.Context, event stats.RPCStats) {
	if header, is := event.(*stats.InHeader); is && header.Compression == "gzip" {
		e.gzip.Add(1)
	}
}

func TestGzipIsAnOption(t *testing.T) {
	t.Parallel()
	var seen encodings
	server := newScriptedServer(t, grpc.StatsHandler(&seen))
	layer := scriptedLayer(t, server, connect(t, server.address, edunn.WithGzip()))
	server.next("Forward", forwarded)
	y, err := edunn.As[float64](layer.Forward(t.Context(), ones(1000)))
	must(t, err)
	if len(y.Data) != 1000 || seen.gzip.Load() != 2 {
		t.Errorf("%d requests were compressed", seen.gzip.Load())
	}
	getSession(t, t.Context(), connect(t, server.address), server)
	if seen.gzip.Load() != 2 {
		t.Error("a client compresses unasked")
	}
}

func TestATokenIsAskedForAtEveryAttempt(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	asked := 0
	client := connect(t, server.address, quick(),
		edunn.WithTokenSource(func(context.Context) (string, error) {
			asked++
			return fmt.Sprint("token", asked), nil
		}))
	server.next("GetSession", unavailable())
	getSession(t, t.Context(), client, server)
	getSession(t, t.Context(), client, server)
	got := server.sent("authorization")
	if !slices.Equal(got, []string{"Bearer token1", "Bearer token2", "Bearer token3"}) {
		t.Errorf("got %q", got)
	}
}

func TestATokenThatNoHeaderCanHaveIsRefusedAndNotShown(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	for _, token := range []string{"secret\n", "sécret"} {
		_, early := edunn.NewClient(server.address, edunn.WithToken(token))
		client := connect(t, server.address, quick(),
			edunn.WithTokenSource(func(context.Context) (string, error) { return token, nil }))
		_, late := client.GetSession(t.Context(), "s1")
		_, ofStream := client.OpenStream(t.Context())
		for err, reason := range map[error]edunn.Reason{
			early: edunn.ErrInvalidArgument, late: edunn.ErrUnauthenticated, ofStream: edunn.ErrUnauthenticated,
		} {
			if !errors.Is(err, reason) || strings.Contains(err.Error(), "cret") {
				t.Errorf("%v of %q: got %v", reason, token, err)
			}
		}
	}
	if seen := server.sent("authorization"); len(seen) > 0 {
		t.Errorf("sent %q", seen)
	}
}

func TestTheEnvironmentNamesTheService(t *testing.T) {
	server, certificate, ca := securedServer(t)
	files := writeKey(t, certificate)
	for name, value := range map[string]string{
		"EDUNN_TARGET": server.address, "EDUNN_TOKEN": "red", "EDUNN_CA": ca,
		"EDUNN_CERTIFICATE": ca, "EDUNN_KEY": files,
	} {
		t.Setenv(name, value)
	}
	call := func(options ...edunn.Option) {
		t.Helper()
		client, err := edunn.NewClientFromEnvironment(options...)
		must(t, err)
		defer client.Close()
		getSession(t, t.Context(), client, server)
	}
	call()
	call(edunn.WithToken("blue"))
	if got := server.sent("authorization"); !slices.Equal(got, []string{"Bearer red", "Bearer blue"}) {
		t.Errorf("got %q", got)
	}
}

func TestAnEnvironmentThatIsIncompleteSaysWhatIsMissing(t *testing.T) {
	for _, test := range []struct{ set, missing string }{
		{"", "EDUNN_TARGET"}, {"EDUNN_KEY", "EDUNN_CERTIFICATE"}, {"EDUNN_CERTIFICATE", "EDUNN_KEY"},
	} {
		t.Run(test.missing, func(t *testing.T) {
			for _, name := range []string{
				"EDUNN_TARGET", "EDUNN_TOKEN", "EDUNN_CA", "EDUNN_CERTIFICATE", "EDUNN_KEY",
			} {
				t.Setenv(name, "")
			}
			if test.set != "" {
				t.Setenv("EDUNN_TARGET", "localhost:50051")
				t.Setenv(test.set, filepath.Join(os.TempDir(), "some.pem"))
			}
			_, err := edunn.NewClientFromEnvironment()
			if err == nil || !strings.Contains(err.Error(), test.missing+": is not set") {
				t.Errorf("got %v", err)
			}
		})
	}
}
