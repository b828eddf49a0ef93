package edunn_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// sharing returns a server that computes so, and the layer of a client that shares a stream.
func sharing(
	t *testing.T, compute func(edunnpb.LayerService_ComputeServer) error, options ...edunn.Option,
) (*scriptedServer, *edunn.Layer) {
	t.Helper()
	server := newScriptedServer(t)
	server.computeBy(compute)
	options = append([]edunn.Option{edunn.WithSharedStream(), quick()}, options...)
	return server, scriptedLayer(t, server, connect(t, server.address, options...))
}

// received hands each request of a stream to a function, which answers its operations.
func received(
	answer func(*edunnpb.ComputeRequest) ([]*edunnpb.ComputeResult, error),
) func(edunnpb.LayerService_ComputeServer) error {
	return func(stream edunnpb.LayerService_ComputeServer) error {
		for {
			request, err := stream.Recv()
			if err != nil {
				return ignoreEnd(err)
			}
			results, err := answer(request)
			if err != nil {
				return err
			}
			if err := stream.Send(&edunnpb.ComputeResponse{Results: results}); err != nil {
				return err
			}
		}
	}
}

func TestCallsShareAStream(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	server, layer := sharing(t, func(stream edunnpb.LayerService_ComputeServer) error {
		streams.Add(1)
		return echo(stream)
	})
	var callers sync.WaitGroup
	for at := range 64 {
		callers.Go(func() {
			x := number(float64(at))
			y, err := edunn.As[float64](layer.Forward(t.Context(), x))
			if err != nil || y.Data[0] != x.Data[0] {
				t.Errorf("got %v, %v", y, err)
			}
			gradients, err := layer.Backward(t.Context(), x)
			if err != nil {
				t.Error(err)
				return
			}
			if g, err := edunn.As[float64](gradients.Input); err != nil || g.Data[0] != x.Data[0] {
				t.Errorf("got %v, %v", g, err)
			}
		})
	}
	callers.Wait()
	if streams.Load() != 1 || server.calls("Forward")+server.calls("Backward") != 0 {
		t.Errorf("%d streams", streams.Load())
	}
}

func TestAnErrorOfASharedStreamIsItsCallsOwn(t *testing.T) {
	t.Parallel()
	_, layer := sharing(t, echo)
	_, err := layer.Session().Layer("unknown").Forward(t.Context(), number(1))
	var failure *edunn.Error
	if !errors.As(err, &failure) || failure.Reason != edunn.ErrLayerNotFound ||
		failure.Metadata["layer"] != "l1" {
		t.Errorf("got %v", err)
	}
	_, err = layer.Forward(t.Context(), number(1))
	must(t, err)
}

func TestACallOfASharedStreamHasItsOwnDeadline(t *testing.T) {
	t.Parallel()
	timeouts, cancelled := make(chan time.Duration, 2), make(chan []string, 2)
	_, layer := sharing(t, received(
		func(request *edunnpb.ComputeRequest) ([]*edunnpb.ComputeResult, error) {
			for _, operation := range request.GetOperations() {
				timeouts <- operation.GetTimeout().AsDuration()
			}
			if ids := request.GetCancelledRequestIds(); len(ids) > 0 {
				cancelled <- ids
			}
			return nil, nil
		}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := layer.Forward(ctx, number(1))
	if !errors.Is(err, edunn.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if timeout := <-timeouts; timeout <= 0 || timeout > time.Second {
		t.Errorf("the service was told %v", timeout)
	}
	if ids := <-cancelled; !slices.Equal(ids, []string{"1"}) {
		t.Errorf("cancelled %q", ids)
	}
}

func TestACallOfASharedStreamCanBeCancelled(t *testing.T) {
	t.Parallel()
	arrived, cancelled := make(chan struct{}, 1), make(chan struct{}, 1)
	_, layer := sharing(t, received(
		func(request *edunnpb.ComputeRequest) ([]*edunnpb.ComputeResult, error) {
			var results []*edunnpb.ComputeResult
			for _, operation := range request.GetOperations() {
				if operation.GetForward().GetForwardId() == "slow" {
					arrived <- struct{}{}
				} else {
					results = append(results, echoed(operation))
				}
			}
			if len(request.GetCancelledRequestIds()) > 0 {
				cancelled <- struct{}{}
			}
			return results, nil
		}))
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() {
		_, err := layer.Forward(ctx, number(1), edunn.WithForwardID("slow"))
		ended <- err
	}()
	<-arrived
	why := errors.New("enough")
	cancel(why)
	if err := <-ended; !errors.Is(err, edunn.ErrCancelled) || !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	<-cancelled
	_, err := layer.Forward(t.Context(), number(1)) // the stream goes on
	must(t, err)
}

func TestACallIsMadeAgainAfterItsSharedStreamBroke(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	names := make(chan string, 3)
	_, layer := sharing(t, func(stream edunnpb.LayerService_ComputeServer) error {
		first := streams.Add(1) == 1
		return received(func(request *edunnpb.ComputeRequest) ([]*edunnpb.ComputeResult, error) {
			operation := request.GetOperations()[0]
			names <- operation.GetForward().GetForwardId()
			if first {
				return nil, status.Error(codes.Unavailable, "going down")
			}
			return []*edunnpb.ComputeResult{echoed(operation)}, nil
		})(stream)
	})
	_, err := layer.Forward(t.Context(), number(1))
	must(t, err)
	if first, second := <-names, <-names; first != "c1" || second != "c1" {
		t.Errorf("the forward was called %q, then %q", first, second)
	}
}

func TestWhatMustNotBeRepeatedIsNotInASharedStreamEither(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	_, layer := sharing(t, received(
		func(request *edunnpb.ComputeRequest) ([]*edunnpb.ComputeResult, error) {
			arrived.Add(1)
			return nil, status.Error(codes.Unavailable, "going down")
		}))
	_, err := layer.Forward(t.Context(), number(1), edunn.Untracked())
	if !errors.Is(err, edunn.ErrUnavailable) || arrived.Load() != 1 {
		t.Errorf("got %v after %d arrivals", err, arrived.Load())
	}
}

func TestCallsAreMadeByThemselvesWhereNoStreamGetsThrough(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	server, layer := sharing(t, func(edunnpb.LayerService_ComputeServer) error {
		streams.Add(1)
		return status.Error(codes.Unimplemented, "no streams here")
	})
	for range 3 {
		server.next("Forward", forwarded)
		_, err := layer.Forward(t.Context(), number(1))
		must(t, err)
	}
	if streams.Load() != 1 || server.calls("Forward") != 3 {
		t.Errorf("%d streams, %d calls", streams.Load(), server.calls("Forward"))
	}
}

func TestWhatCannotShareAStreamIsMadeByItself(t *testing.T) {
	t.Parallel()
	server, layer := sharing(t, echo)
	server.next("Forward", forwarded, forwarded)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-trace", "7")
	_, err := layer.Forward(ctx, number(1))
	must(t, err)
	_, err = layer.Forward(t.Context(), ones(1<<20))
	if err != nil && !errors.Is(err, edunn.ErrTooLarge) { // of the scripted server's own limit
		t.Error(err)
	}
	if calls := server.calls("Forward"); calls == 0 || !slices.Equal(server.sent("x-trace"), []string{"7"}) {
		t.Errorf("%d calls", calls)
	}
}

func TestASharedStreamWaitsForTheConnection(t *testing.T) {
	t.Parallel()
	var log logbook
	first, layer := sharing(t, echo, log.option(),
		edunn.WithRetryPolicy(edunn.DefaultRetryPolicy()))
	_, err := layer.Forward(t.Context(), number(1))
	must(t, err)
	first.stop()
	log.awaitLine(t, "disconnected")
	ended := make(chan error, 1)
	go func() {
		_, err := layer.Forward(t.Context(), number(1), edunn.Untracked())
		ended <- err
	}()
	log.awaitLine(t, "Forward is tried again")
	newScriptedServerAt(t, first.address).computeBy(echo)
	must(t, <-ended)
}

func TestASharedStreamOfTheServiceDrawsTheSameMasks(t *testing.T) {
	t.Parallel()
	address := serviceAddress(t)
	digests := func(options ...edunn.Option) (drawn []string) {
		session := createSession(t, connect(t, address, options...), edunn.WithSeed(5))
		drop := addLayer(t, session, "Dropout", edunn.Config{"p": 0.5})
		for range 20 {
			y, err := drop.Forward(t.Context(), ones(4, 16))
			must(t, err)
			gradients, err := drop.Backward(t.Context(), ones(4, 16))
			must(t, err)
			if digest(gradients.Input) != digest(y) {
				t.Error("the gradient is not that of the forward")
			}
			drawn = append(drawn, digest(y))
		}
		return drawn
	}
	if !slices.Equal(digests(), digests(edunn.WithSharedStream())) {
		t.Error("the masks differ")
	}
}
