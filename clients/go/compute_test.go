package edunn_test

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

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

func TestAnErrorIsItsOperationsOwn(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.computeBy(echo)
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
	var taken atomic.Int32
	var endless iter.Seq[edunn.Operation] = func(yield func(edunn.Operation) bool) {
		for yield(edunn.Forward(layer, number(1))) {
			taken.Add(1)
		}
	}
	got := 0
	for _, err := range client.Compute(t.Context(), endless, edunn.WithInFlight(inFlight)) {
		must(t, err)
		if got++; int(taken.Load()) > got+inFlight {
			t.Fatalf("%d operations taken after %d results", taken.Load(), got)
		}
		if got == 100 {
			break
		}
	}
}

func TestOperationsMayWaitForTheResultsOfEarlierOnes(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, echo)
	results := make(chan float64)
	operations := func(yield func(edunn.Operation) bool) {
		for next := 1.0; next < 10; next = 2 * <-results {
			if !yield(edunn.Forward(layer, number(next))) {
				return
			}
		}
	}
	var got []float64
	for result, err := range client.Compute(t.Context(), operations) {
		must(t, err)
		y, err := edunn.As[float64](result.Output)
		must(t, err)
		got = append(got, y.Data[0])
		results <- y.Data[0]
	}
	if !slices.Equal(got, []float64{1, 2, 4, 8}) {
		t.Errorf("got %v", got)
	}
}

func TestAStreamThatBreaksWhileNoOperationComesIsTold(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		results := []*edunnpb.ComputeResult{echoed(request.GetOperations()[0])}
		return cmp.Or(stream.Send(&edunnpb.ComputeResponse{Results: results}),
			status.Error(codes.Unavailable, "going down"))
	})
	finished := make(chan struct{})
	defer close(finished)
	waiting := func(yield func(edunn.Operation) bool) {
		yield(edunn.Forward(layer, number(1)))
		<-finished
	}
	var failures []error
	for _, err := range client.Compute(t.Context(), waiting) {
		failures = append(failures, err)
	}
	if len(failures) != 2 || failures[0] != nil || !errors.Is(failures[1], edunn.ErrUnavailable) {
		t.Errorf("got %v", failures)
	}
}

func TestAPanicOfTheOperationsIsThatOfTheLoop(t *testing.T) {
	t.Parallel()
	client, _ := streaming(t, echo)
	defer func() {
		if panicked := recover(); panicked != "no more" {
			t.Errorf("got %v", panicked)
		}
	}()
	for range client.Compute(t.Context(), func(func(edunn.Operation) bool) { panic("no more") }) {
		t.Error("a result")
	}
	t.Error("no panic")
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
		t.Errorf("%d results", got)
	}
}
