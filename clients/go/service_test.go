package edunn_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

func TestTheCatalogueDescribesDropout(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	types, err := client.LayerTypes(t.Context())
	must(t, err)
	at := slices.IndexFunc(types, func(t edunn.LayerType) bool { return t.Type == "Dropout" })
	if at < 0 {
		t.Fatalf("no Dropout in %v", types)
	}
	field := types[at].ConfigFields[0]
	if field.Name != "p" || field.Type != "float" || field.Default != 0.5 || field.Bounds == "" {
		t.Errorf("got %+v", field)
	}
}

func TestASessionIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	session := createSession(t, client, edunn.WithSeed(math.MaxUint64),
		edunn.WithPhase(edunn.Test), edunn.WithTTL(90*time.Second))
	layer := addLayer(t, session, "Linear", edunn.Config{"input_size": 3, "output_size": 2})
	for _, info := range []edunn.SessionInfo{session.Info(), refreshed(t, session)} {
		if info.ID != session.ID() || info.Seed != math.MaxUint64 || info.Phase != edunn.Test ||
			info.TTL != 90*time.Second || info.ExpireTime.Before(time.Now()) {
			t.Errorf("got %+v", info)
		}
	}
	info := layer.Info()
	if info.Type != "Linear" || info.Config["input_size"] != 3.0 ||
		len(info.Parameters) != 1 || info.Parameters[0].DataType != edunn.Float64 ||
		!slices.Equal(info.Parameters[0].Shape, []int{3, 2}) {
		t.Errorf("got %+v", info)
	}
}

func refreshed(t *testing.T, session *edunn.Session) edunn.SessionInfo {
	t.Helper()
	info, err := session.Refresh(t.Context())
	must(t, err)
	return info
}

func TestAnAttachedSessionGoesOnWhereItsCreatorIs(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	created := createSession(t, client, edunn.WithSeed(3))
	drop := addLayer(t, created, "Dropout", edunn.Config{"p": 0.5})
	y, err := drop.Forward(t.Context(), ones(4, 8))
	must(t, err)
	attached, err := connect(t, serviceAddress(t)).AttachSession(t.Context(), created.ID())
	must(t, err)
	gradients, err := attached.Layer("Dropout").Backward(t.Context(), ones(4, 8),
		edunn.WithForwardID(y.ForwardID))
	must(t, err)
	if digest(gradients.Input) != digest(y) {
		t.Error("the gradient is not that of the forward")
	}
	must(t, attached.Close(t.Context()))
	refreshed(t, created) // it still exists
	must(t, attached.Delete(t.Context()))
	if _, err := created.Refresh(t.Context()); !errors.Is(err, edunn.ErrSessionNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestPhasesOfCallLayerAndSession(t *testing.T) {
	t.Parallel()
	session := createSession(t, connect(t, serviceAddress(t)))
	drop := addLayer(t, session, "Dropout", edunn.Config{"p": 0.5})
	check := func(expected edunn.Phase, options ...edunn.ForwardOption) {
		t.Helper()
		y, err := drop.Forward(t.Context(), ones(4, 64), options...)
		must(t, err)
		if y.Phase != expected || (digest(y) == digest(ones(4, 64))) != (expected == edunn.Test) {
			t.Errorf("computed in %v, expected %v", y.Phase, expected)
		}
	}
	check(edunn.Training)
	check(edunn.Test, edunn.WithPhase(edunn.Test))
	drop.SetPhase(edunn.Test)
	check(edunn.Test)
	check(edunn.Training, edunn.WithPhase(edunn.Training))
	drop.SetPhase(0)
	check(edunn.Training)
}

func TestGoroutinesMayShareALayerWithNamedForwards(t *testing.T) {
	t.Parallel()
	session := createSession(t, connect(t, serviceAddress(t)))
	drop := addLayer(t, session, "Dropout", edunn.Config{"p": 0.5})
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			y, err := drop.Forward(t.Context(), ones(4, 16))
			if err != nil {
				t.Error(err)
				return
			}
			gradients, err := drop.Backward(t.Context(), ones(4, 16),
				edunn.WithForwardID(y.ForwardID))
			if err != nil {
				t.Error(err)
				return
			}
			if digest(gradients.Input) != digest(y) {
				t.Error("the gradient is not that of the forward")
			}
		})
	}
	callers.Wait()
}

func TestAStreamOfTheServiceKeepsItsOrder(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	drop := addLayer(t, createSession(t, client), "Dropout", edunn.Config{"p": 0.5})
	stream, err := client.OpenStream(t.Context())
	must(t, err)
	var sent [200]*edunn.Pending
	for at := range sent {
		operation := edunn.Forward(drop, ones(4, 16))
		if at%2 == 1 {
			operation = edunn.Backward(drop, ones(4, 16))
		}
		sent[at], err = stream.Send(t.Context(), operation)
		must(t, err)
	}
	must(t, stream.Close())
	var y *edunn.Output
	for at, pending := range sent {
		result, err := pending.Wait(t.Context())
		must(t, err)
		if at%2 == 0 {
			y = result.Output
		} else if digest(result.Gradients.Input) != digest(y) {
			t.Errorf("operation %d is not the gradient of the one before", at)
		}
	}
}

func TestACallThatTakesTooLongEnds(t *testing.T) {
	t.Parallel()
	session := createSession(t, connect(t, serviceAddress(t)))
	drop := addLayer(t, session, "Dropout", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := drop.Forward(ctx, ones(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestMessagesOfEightyMebibytesPass(t *testing.T) {
	t.Parallel()
	const size = 80 << 20
	server := newScriptedServer(t,
		grpc.MaxRecvMsgSize(2*size), grpc.MaxSendMsgSize(2*size))
	layer := scriptedLayer(t, server, connect(t, server.address))
	server.next("Forward", forwarded)
	y, err := layer.Forward(t.Context(), edunn.NewTensor(make([]float64, size/8), size/8))
	must(t, err)
	if y.Dims()[0] != size/8 {
		t.Errorf("got %v", y.Dims())
	}
}

// The contract may gain values that this client does not know.
func TestPhasesPrintTheirNames(t *testing.T) {
	t.Parallel()
	for phase, name := range map[edunn.Phase]string{
		0: "", edunn.Training: "training", edunn.Test: "test", 7: "",
	} {
		if phase.String() != name {
			t.Errorf("%d is called %q", phase, phase)
		}
	}
	if int32(edunn.Test) != int32(edunnpb.Phase_PHASE_TEST) {
		t.Error("a Phase is the contract's number")
	}
}

// The client's own bound is the service's: what it lets through the service takes.
func TestLayersLieWithinEachOtherAsDeepAsTheServiceTakes(t *testing.T) {
	t.Parallel()
	session := createSession(t, connect(t, serviceAddress(t)))
	config := edunn.Config{"p": 0.5}
	layerType := "Dropout"
	for range 10 {
		config = edunn.Config{"layers": []edunn.Config{{"type": layerType, "config": config}}}
		layerType = "Sequential"
	}
	addLayer(t, session, "Sequential", config)
	config = edunn.Config{"layers": []edunn.Config{{"type": "Sequential", "config": config}}}
	_, err := session.AddLayer(t.Context(), "deeper", "Sequential", config)
	if !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}
