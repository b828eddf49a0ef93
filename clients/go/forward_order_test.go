package edunn_test

import (
	"context"
	"errors"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

func TestABackwardBeforeTheFirstForwardOfItsLayerValueIsAnError(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.computeBy(echo)
	client := connect(t, server.address)
	mine := scriptedLayer(t, server, client)
	server.next("Forward", forwarded)
	_, err := mine.Forward(t.Context(), ones(1))
	must(t, err)
	server.next("GetSession", gotSession())
	attached, err := client.AttachSession(t.Context(), "s1")
	must(t, err)
	theirs := attached.Layer("l1")
	if theirs != attached.Layer("l1") {
		t.Error("the same name gave two values")
	}

	noForward := func(err error) {
		t.Helper()
		if !errors.Is(err, edunn.ErrNoForward) {
			t.Errorf("got %v", err)
		}
	}
	_, err = theirs.Backward(t.Context(), ones(1))
	noForward(err)
	server.next("Forward", forwarded)
	_, err = theirs.Forward(t.Context(), ones(1), edunn.Untracked())
	must(t, err)
	_, err = theirs.Backward(t.Context(), ones(1))
	noForward(err)
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	_, err = stream.Send(t.Context(), edunn.Backward(theirs, ones(1)))
	noForward(err)
	must(t, stream.Close())
	if server.calls("Backward") != 0 {
		t.Error("a backward was sent")
	}
}

func TestTheForwardOfABackwardCanBeNamed(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address))
	for _, id := range []string{"somebody's", ""} {
		server.next("Backward", func(_ context.Context, request any) (any, error) {
			asked := request.(*edunnpb.BackwardRequest)
			if asked.GetForwardId() != id {
				t.Errorf("went back through %q", asked.GetForwardId())
			}
			return &edunnpb.BackwardResponse{InputGradient: asked.GetOutputGradient()}, nil
		})
		_, err := layer.Backward(t.Context(), ones(1), edunn.WithForwardID(id))
		must(t, err)
	}
}

// The service names such a forward when it comes to it; until then a backward would go through
// whatever forward is then the latest.
func TestAForwardThatTheServiceNamesInAStreamIsWaitedFor(t *testing.T) {
	t.Parallel()
	client, layer := streaming(t, func(stream edunnpb.LayerService_ComputeServer) error {
		for {
			request, err := stream.Recv()
			if err != nil {
				return ignoreEnd(err)
			}
			for _, operation := range request.GetOperations() {
				result := echoed(operation)
				if forward := result.GetForward(); forward != nil {
					forward.ForwardId = "#1"
				}
				results := []*edunnpb.ComputeResult{result}
				if err := stream.Send(&edunnpb.ComputeResponse{Results: results}); err != nil {
					return err
				}
			}
		}
	})
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	unnamed := edunn.WithForwardID("")
	forward, err := stream.Send(t.Context(), edunn.Forward(layer, number(1), unnamed))
	must(t, err)
	_, err = stream.Send(t.Context(), edunn.Backward(layer, number(1)))
	if err != nil && !errors.Is(err, edunn.ErrNoForward) {
		t.Errorf("got %v", err)
	}
	_, err = forward.Wait(t.Context())
	must(t, err)
	backward, err := stream.Send(t.Context(), edunn.Backward(layer, number(1)))
	must(t, err)
	result, err := backward.Wait(t.Context())
	must(t, err)
	if _, has := result.Gradients.Parameters["#1"]; !has {
		t.Errorf("went back through %v", result.Gradients.Parameters)
	}
	must(t, stream.Close())
}

func TestTheSessionsInfoHasTheLayersThatWereAdded(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	session := scriptedLayer(t, server, connect(t, server.address)).Session()
	server.next("AddLayer", reply(&edunnpb.AddLayerResponse{
		Layer: &edunnpb.Layer{Name: "l2", Type: "Bias"},
	}))
	layer, err := session.AddLayer(t.Context(), "l2", "Bias", nil)
	must(t, err)
	server.next("GetSession", gotSession()) // which knows l1 alone
	names := func() (names []string) {
		for _, layer := range session.Info().Layers {
			names = append(names, layer.Name)
		}
		return names
	}
	if got := names(); len(got) != 2 || layer.Info().Type != "Bias" {
		t.Errorf("got %q", got)
	}
	_, err = session.Refresh(t.Context())
	must(t, err)
	if got := names(); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}
