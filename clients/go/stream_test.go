package edunn_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

func TestEachOperationGetsItsOwnAnswer(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, echo)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	sent := make([]*edunn.Pending, 1000)
	for at := range sent {
		sent[at], err = stream.Send(t.Context(), edunn.Forward(layer, number(float64(at))))
		must(t, err)
	}
	must(t, stream.Close())
	for at, pending := range sent {
		<-pending.Done()
		result, err := pending.Wait(t.Context())
		must(t, err)
		output, err := edunn.As[float64](result.Output)
		must(t, err)
		if output.Data[0] != float64(at) {
			t.Fatalf("operation %d was answered %v", at, output.Data)
		}
	}
}

func TestWhatIsSentMayBeWrittenIntoAtOnce(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, echo)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	x := number(1)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, x))
	must(t, err)
	x.Data[0] = 2
	must(t, stream.Close())
	result, err := pending.Wait(t.Context())
	must(t, err)
	if output, _ := edunn.As[float64](result.Output); output.Data[0] != 1 {
		t.Errorf("sent %v", output.Data)
	}
}

func TestSendWaitsWhileAllAreInFlight(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, absorb)
	stream, err := client.OpenStream(t.Context(), edunn.WithInFlight(2))
	must(t, err)
	for range 2 {
		_, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
		must(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = stream.Send(ctx, edunn.Forward(layer, number(1)))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWhatWaitsTravelsTogether(t *testing.T) {
	t.Parallel()
	const count = 100
	var messages atomic.Int32
	all := make(chan struct{})
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		// Nothing is read until all has been sent: the first message fills the connection, so the
		// rest waits in the client.
		<-all
		for {
			request, err := stream.Recv()
			if err != nil {
				return ignoreEnd(err)
			}
			messages.Add(1)
			response := &edunnpb.ComputeResponse{}
			for _, operation := range request.GetOperations() {
				response.Results = append(response.Results, echoed(operation))
			}
			if err := stream.Send(response); err != nil {
				return err
			}
		}
	})
	stream, err := client.OpenStream(t.Context(), edunn.WithInFlight(count+1))
	must(t, err)
	large := edunn.NewTensor(make([]float64, 1<<17), 1<<17)
	_, err = stream.Send(t.Context(), edunn.Forward(layer, large))
	must(t, err)
	for range count {
		_, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
		must(t, err)
	}
	close(all)
	must(t, stream.Close())
	if got := messages.Load(); got > 3 {
		t.Errorf("%d operations travelled in %d messages", count+1, got)
	}
}

func TestABrokenStreamFailsWhatIsLeft(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		return status.Error(codes.Unavailable, "going down")
	})
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	if _, err := pending.Wait(t.Context()); !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	_, err = stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	if !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := stream.Close(); !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestALostConnectionFailsWhatIsLeft(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	arrived := make(chan struct{})
	server.computeBy(func(stream edunnpb.LayerService_ComputeServer) error {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		close(arrived)
		return absorb(stream)
	})
	client := connect(t, server.address)
	layer := scriptedLayer(t, server, client)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	<-arrived
	go server.stop()
	if _, err := pending.Wait(t.Context()); !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAStreamThatEndsEarlyFailsWhatIsLeft(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		_, err := stream.Recv()
		return err
	})
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	if _, err := pending.Wait(t.Context()); !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestASilentStreamIsGivenUp(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, absorb, edunn.WithTimeout(time.Second))
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	if _, err := pending.Wait(t.Context()); !errors.Is(err, edunn.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAnIdleStreamIsNotGivenUp(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second
	client, layer := streaming(t, echo, edunn.WithTimeout(timeout))
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	for range 2 {
		pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
		must(t, err)
		_, err = pending.Wait(t.Context())
		must(t, err)
		<-time.After(timeout + timeout/4) // that nothing happens is the point
	}
	must(t, stream.Close())
}

func TestCancellingTheContextEndsTheStream(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, absorb)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.OpenStream(ctx)
	must(t, err)
	pending, err := stream.Send(ctx, edunn.Forward(layer, number(1)))
	must(t, err)
	cancel()
	if _, err := pending.Wait(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := stream.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGivingUpTheWaitLeavesTheOperation(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, absorb)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pending.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	select {
	case <-pending.Done():
		t.Error("the operation ended")
	default:
	}
}

func TestAClosedStreamTakesNothing(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, echo)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	must(t, stream.Close())
	must(t, stream.Close())
	_, err = stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v", err)
	}
}

func TestAnOperationCanBeCancelled(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, received(
		func(*edunnpb.ComputeRequest) ([]*edunnpb.ComputeResult, error) { return nil, nil }))
	stream, err := client.OpenStream(t.Context(), edunn.WithInFlight(1))
	must(t, err)
	pending, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	pending.Cancel()
	pending.Cancel()
	if _, err := pending.Wait(t.Context()); !errors.Is(err, edunn.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	// Its place in the stream is free again.
	second, err := stream.Send(t.Context(), edunn.Forward(layer, number(1)))
	must(t, err)
	second.Cancel()
	must(t, stream.Close())
}

func TestAnOperationHasATimeoutOfItsOwn(t *testing.T) {
	t.Parallel()
	timeouts := make(chan time.Duration, 2)
	client, layer := streaming(t, received(
		func(request *edunnpb.ComputeRequest) (results []*edunnpb.ComputeResult, err error) {
			for _, operation := range request.GetOperations() {
				timeouts <- operation.GetTimeout().AsDuration()
				results = append(results, echoed(operation))
			}
			return results, nil
		}))
	own := edunn.WithCallTimeout(3 * time.Second)
	operations := []edunn.Operation{
		edunn.Forward(layer, number(1), own), edunn.Backward(layer, number(1), own),
		edunn.Forward(layer, number(1), edunn.WithCallTimeout(-1)),
		edunn.Forward(layer, number(1), edunn.WithCallTimeout(0)),
	}
	failures := 0
	for _, err := range client.Compute(t.Context(), slices.Values(operations)) {
		if err != nil && !errors.Is(err, edunn.ErrInvalidArgument) {
			t.Error(err)
		}
		if err != nil {
			failures++
		}
	}
	if first, second := <-timeouts, <-timeouts; first != 3*time.Second || second != first {
		t.Errorf("the service was told %v and %v", first, second)
	}
	if failures != 2 {
		t.Errorf("%d failures", failures)
	}
}

func TestACallHasATimeoutOfItsOwn(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address))
	server.next("Forward", func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	_, err := layer.Forward(t.Context(), number(1), edunn.WithCallTimeout(100*time.Millisecond))
	if !errors.Is(err, edunn.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	deadlines := make(chan time.Time, 1)
	server.next("Forward", func(ctx context.Context, request any) (any, error) {
		deadline, _ := ctx.Deadline()
		deadlines <- deadline
		return forwarded(ctx, request)
	})
	_, err = layer.Forward(t.Context(), number(1), edunn.WithCallTimeout(edunn.NoTimeout))
	must(t, err)
	if left := time.Until(<-deadlines); left < 24*time.Hour {
		t.Errorf("the call had %v, not all the time", left)
	}
	for _, none := range []time.Duration{0, -time.Second} {
		_, err = layer.Forward(t.Context(), number(1), edunn.WithCallTimeout(none))
		if !errors.Is(err, edunn.ErrInvalidArgument) {
			t.Errorf("%v: got %v", none, err)
		}
	}
}
