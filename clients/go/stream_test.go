package edunn_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// echo answers a forward with its input, a backward with its gradient under its forward's name.
func echo(stream edunnpb.LayerService_ComputeServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return ignoreEnd(err)
		}
		response := &edunnpb.ComputeResponse{}
		for _, operation := range request.GetOperations() {
			response.Results = append(response.Results, echoed(operation))
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func echoed(operation *edunnpb.ComputeOperation) *edunnpb.ComputeResult {
	result := &edunnpb.ComputeResult{RequestId: operation.GetRequestId()}
	forward, backward := operation.GetForward(), operation.GetBackward()
	switch {
	case backward != nil:
		result.Result = &edunnpb.ComputeResult_Backward{Backward: &edunnpb.BackwardResponse{
			InputGradient: backward.GetOutputGradient(),
			ParameterGradients: map[string]*edunnpb.Tensor{
				backward.GetForwardId(): backward.GetOutputGradient(),
			},
		}}
	case forward.GetLayer() == "unknown":
		refused := status.Convert(refusal(codes.NotFound, "LAYER_NOT_FOUND", 0)).Proto()
		result.Result = &edunnpb.ComputeResult_Error{Error: &edunnpb.OperationError{
			Code: refused.GetCode(), Message: refused.GetMessage(), Details: refused.GetDetails(),
		}}
	default:
		result.Result = &edunnpb.ComputeResult_Forward{Forward: &edunnpb.ForwardResponse{
			ForwardId: forward.GetForwardId(), Output: forward.GetInputs()[0],
		}}
	}
	return result
}

// absorb takes operations and answers none, until the stream ends.
func absorb(stream edunnpb.LayerService_ComputeServer) error {
	<-stream.Context().Done()
	return stream.Context().Err()
}

func number(value float64) edunn.Tensor[float64] { return edunn.NewTensor([]float64{value}, 1) }

// streaming returns a client and a layer of a server that computes so.
func streaming(
	t *testing.T, compute func(edunnpb.LayerService_ComputeServer) error, options ...edunn.Option,
) (*edunn.Client, *edunn.Layer) {
	t.Helper()
	server := newScriptedServer(t)
	server.compute = compute
	client := connect(t, server.address, options...)
	return client, scriptedLayer(t, server, client)
}

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

func TestABackwardSentAtOnceBelongsToTheForwardBeforeIt(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, echo)
	operations := []edunn.Operation{}
	for range 3 {
		operations = append(operations,
			edunn.Forward(layer, number(1)), edunn.Backward(layer, number(2)))
	}
	operations = append(operations,
		edunn.Forward(layer, number(1), edunn.Untracked()),
		edunn.Backward(layer, number(2)),
		edunn.Backward(layer, number(2), edunn.WithForwardID("c1")))
	var names []string
	for result, err := range client.Compute(t.Context(), slices.Values(operations)) {
		must(t, err)
		if result.Gradients != nil {
			names = slices.AppendSeq(names, maps.Keys(result.Gradients.Parameters))
		}
	}
	if !slices.Equal(names, []string{"c1", "c2", "c3", "c3", "c1"}) {
		t.Errorf("the backwards belong to %q", names)
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

func TestAnErrorIsItsOperationsOwn(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.compute = echo
	client := connect(t, server.address)
	layer := scriptedLayer(t, server, client)
	server.next("GetSession", gotSession())
	session, err := client.AttachSession(t.Context(), "s1")
	must(t, err)
	operations := []edunn.Operation{
		edunn.Forward(session.Layer("unknown"), number(1)),
		edunn.Forward(layer, edunn.NewTensor([]float64{1}, 2)),
		edunn.Forward(layer, nil),
		edunn.Forward(layer, number(1)),
	}
	failures := map[edunn.Operation]error{}
	for result, err := range client.Compute(t.Context(), slices.Values(operations)) {
		failures[result.Operation] = err
	}
	if !errors.Is(failures[operations[0]], edunn.ErrLayerNotFound) ||
		!errors.Is(failures[operations[1]], edunn.ErrInvalidArgument) ||
		!errors.Is(failures[operations[2]], edunn.ErrInvalidArgument) {
		t.Errorf("got %v", failures)
	}
	if err, has := failures[operations[3]]; !has || err != nil || len(failures) != 4 {
		t.Errorf("got %v", failures)
	}
}

func TestComputeTakesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, echo)
	const inFlight = 4
	taken := 0
	var endless iter.Seq[edunn.Operation] = func(yield func(edunn.Operation) bool) {
		for yield(edunn.Forward(layer, number(float64(taken)))) {
			taken++
		}
	}
	got := 0
	for _, err := range client.Compute(t.Context(), endless, edunn.WithInFlight(inFlight)) {
		must(t, err)
		if got++; taken > got+inFlight {
			t.Fatalf("%d operations taken after %d results", taken, got)
		}
		if got == 100 {
			break
		}
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
	server.compute = func(stream edunnpb.LayerService_ComputeServer) error {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		close(arrived)
		return absorb(stream)
	}
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

func TestComputeTakesNothingMoreOfABrokenStream(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		_, err := stream.Recv()
		return cmp.Or(err, status.Error(codes.Unavailable, "going down"))
	})
	var endless iter.Seq[edunn.Operation] = func(yield func(edunn.Operation) bool) {
		for yield(edunn.Forward(layer, number(1))) {
		}
	}
	results := 0
	for _, err := range client.Compute(t.Context(), endless, edunn.WithInFlight(4)) {
		results++
		if !errors.Is(err, edunn.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if results == 0 {
		t.Error("the break was not told")
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
	const timeout = time.Second
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

func TestAResultThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		strange := []*edunnpb.ComputeResult{{RequestId: "never sent"}, {RequestId: "1"}}
		if err := stream.Send(&edunnpb.ComputeResponse{Results: strange}); err != nil {
			return err
		}
		return absorb(stream)
	})
	for _, err := range client.Compute(t.Context(),
		slices.Values([]edunn.Operation{edunn.Forward(layer, number(1))})) {
		if !errors.Is(err, edunn.ErrInternal) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAServiceWithoutComputeSaysSo(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(edunnpb.LayerService_ComputeServer) error {
		return status.Error(codes.Unimplemented, "not yet")
	})
	got := 0
	for _, err := range client.Compute(t.Context(),
		slices.Values([]edunn.Operation{edunn.Forward(layer, number(1))})) {
		got++
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("got %v", err)
		}
	}
	if got != 1 {
		t.Error(fmt.Sprint(got, " results"))
	}
}
