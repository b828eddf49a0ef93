package edunn_test

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"
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
