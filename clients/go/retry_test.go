package edunn_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

const attempts = 4

// quick retries without waiting long.
func quick() edunn.Option {
	return edunn.WithRetryPolicy(edunn.RetryPolicy{
		Attempts: attempts, FirstPause: time.Millisecond, LongestPause: time.Second,
	})
}

func TestUnavailableIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.next("GetSession", unavailable(), plain(codes.Unavailable), gotSession())
	info, err := connect(t, server.address, quick()).GetSession(t.Context(), "s1")
	must(t, err)
	if info.ID != "s1" {
		t.Errorf("got session %q", info.ID)
	}
}

func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	for range 9 {
		server.next("GetSession", unavailable())
	}
	_, err := connect(t, server.address, quick()).GetSession(t.Context(), "s1")
	if !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if calls := server.calls("GetSession"); calls != attempts {
		t.Errorf("%d calls", calls)
	}
}

func TestOtherErrorsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{
		codes.Internal, codes.NotFound, codes.DeadlineExceeded, codes.FailedPrecondition,
	} {
		server := newScriptedServer(t)
		server.next("GetSession", refuse(refusal(code, "REASON", time.Millisecond)))
		_, err := connect(t, server.address, quick()).GetSession(t.Context(), "s1")
		if status.Code(err) != code {
			t.Errorf("%v: got %v", code, err)
		}
		if calls := server.calls("GetSession"); calls != 1 {
			t.Errorf("%v: %d calls", code, calls)
		}
	}
}

func TestARefusedCallWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	const delay = 200 * time.Millisecond
	server := newScriptedServer(t)
	server.next("GetSession",
		refuse(refusal(codes.ResourceExhausted, "QUEUE_FULL", delay)), gotSession())
	began := time.Now()
	_, err := connect(t, server.address, quick()).GetSession(t.Context(), "s1")
	must(t, err)
	if waited := time.Since(began); waited < delay {
		t.Errorf("waited for %v", waited)
	}
}

func TestTooLargeIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.next("GetSession", refuse(refusal(codes.ResourceExhausted, "TOO_LARGE", 0)))
	_, err := connect(t, server.address, quick()).GetSession(t.Context(), "s1")
	if !errors.Is(err, edunn.ErrTooLarge) || server.calls("GetSession") != 1 {
		t.Errorf("got %v after %d calls", err, server.calls("GetSession"))
	}
}

func TestNoPauseOutlastsTheDeadline(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.next("GetSession", refuse(refusal(codes.ResourceExhausted, "QUEUE_FULL", time.Hour)))
	_, err := connect(t, server.address).GetSession(t.Context(), "s1")
	if !errors.Is(err, edunn.ErrQueueFull) {
		t.Errorf("got %v", err)
	}
}

// silent answers a call only when it ends, and tells so.
func silent(ended chan<- error) answerer {
	return func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
}

func TestEveryCallHasADeadline(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	ended := make(chan error, 1)
	server.next("GetSession", silent(ended))
	// Long enough for the call to reach the server, which could not see its end otherwise.
	client := connect(t, server.address, edunn.WithTimeout(3*time.Second))
	_, err := client.GetSession(context.WithoutCancel(t.Context()), "s1")
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, edunn.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	<-ended
}

func TestTheContextsOwnDeadlineWins(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.next("GetSession", func(ctx context.Context, _ any) (any, error) {
		deadline, _ := ctx.Deadline()
		if time.Until(deadline) < time.Minute {
			return nil, status.Error(codes.Internal, "another deadline")
		}
		return gotSession()(ctx, nil)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	_, err := connect(t, server.address, edunn.WithTimeout(time.Second)).GetSession(ctx, "s1")
	must(t, err)
}

func TestCancellingTheContextCancelsTheCall(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	server.next("GetSession", func(serverCtx context.Context, request any) (any, error) {
		cancel()
		return silent(ended)(serverCtx, request)
	})
	_, err := connect(t, server.address).GetSession(ctx, "s1")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the server saw %v", err)
	}
}

func TestClosingTheClientCancelsCallsOfOtherGoroutines(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	client := connect(t, server.address)
	ended := make(chan error, 1)
	server.next("GetSession", func(ctx context.Context, request any) (any, error) {
		go client.Close()
		return silent(ended)(ctx, request)
	})
	if _, err := client.GetSession(t.Context(), "s1"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-ended
}

func TestARepeatedForwardKeepsItsName(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address, quick()))
	server.next("Forward", unavailable(), forwarded, forwarded)
	for range 2 {
		_, err := layer.Forward(t.Context(), ones(1))
		must(t, err)
	}
	if ids := server.forwardIDs(); !slices.Equal(ids, []string{"c1", "c1", "c2"}) {
		t.Errorf("the forwards were called %q", ids)
	}
}

func TestWhatMustNotBeRepeatedIsNot(t *testing.T) {
	t.Parallel()
	cases := map[string]func(context.Context, *edunn.Client, *edunn.Layer) error{
		"Forward, named by the service": func(
			ctx context.Context, _ *edunn.Client, layer *edunn.Layer,
		) error {
			_, err := layer.Forward(ctx, ones(1), edunn.WithForwardID(""))
			return err
		},
		"Forward, untracked in training": func(
			ctx context.Context, _ *edunn.Client, layer *edunn.Layer,
		) error {
			_, err := layer.Forward(ctx, ones(1), edunn.Untracked())
			return err
		},
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, _, _ := strings.Cut(name, ",")
			server := newScriptedServer(t)
			client := connect(t, server.address, quick())
			layer := scriptedLayer(t, server, client)
			before := server.calls(method)
			server.next(method, unavailable(), unavailable())
			if err := run(t.Context(), client, layer); !errors.Is(err, edunn.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
			if calls := server.calls(method) - before; calls != 1 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

func TestWhatTheServiceRefusedIsRepeatedInAnyCase(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address, quick()))
	server.next("Forward",
		refuse(refusal(codes.ResourceExhausted, "QUEUE_FULL", time.Millisecond)), forwarded)
	_, err := layer.Forward(t.Context(), ones(1), edunn.WithForwardID(""))
	must(t, err)
}

func TestAnUntrackedTestForwardIsRepeatedAndTakesNoName(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address, quick()))
	server.next("Forward", unavailable(), forwarded, forwarded)
	_, err := layer.Forward(t.Context(), ones(1), edunn.Untracked(), edunn.WithPhase(edunn.Test))
	must(t, err)
	_, err = layer.Forward(t.Context(), ones(1))
	must(t, err)
	if ids := server.forwardIDs(); !slices.Equal(ids, []string{"", "", "c1"}) {
		t.Errorf("the forwards were called %q", ids)
	}
}

func TestTwoAttachedSessionsNeverMeetInAName(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	client := connect(t, server.address)
	layers := []*edunn.Layer{scriptedLayer(t, server, client)}
	for range 2 {
		server.next("GetSession", gotSession())
		session, err := client.AttachSession(t.Context(), "s1")
		must(t, err)
		layers = append(layers, session.Layer("l1"))
	}
	for _, layer := range layers {
		server.next("Forward", forwarded)
		_, err := layer.Forward(t.Context(), ones(1))
		must(t, err)
	}
	ids := server.forwardIDs()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 3 {
		t.Errorf("the forwards were called %q", ids)
	}
}

func TestCloseDeletesWhatItCreatedEvenAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	client := connect(t, server.address)
	server.next("CreateSession", reply(&edunnpb.CreateSessionResponse{Session: sessionAnswer()}))
	created, err := client.CreateSession(t.Context())
	must(t, err)
	server.next("GetSession", gotSession())
	attached, err := client.AttachSession(t.Context(), "s1")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, attached.Close(ctx))
	if server.calls("DeleteSession") != 0 {
		t.Error("an attached session was deleted")
	}
	server.next("DeleteSession", refuse(refusal(codes.NotFound, "SESSION_NOT_FOUND", 0)))
	must(t, created.Close(ctx))
	if server.calls("DeleteSession") != 1 {
		t.Error("the session was not deleted")
	}
}

func exists(reason edunn.Reason) answerer {
	return refuse(refusal(codes.AlreadyExists, string(reason), 0))
}

func TestALayerThatALostAnswerHasAddedIsFound(t *testing.T) {
	t.Parallel()
	slope, err := structpb.NewStruct(map[string]any{"slope": 1})
	must(t, err)
	for name, found := range map[string]*edunnpb.Layer{
		"the same":       {Name: "l2", Type: "ReLU"},
		"another type":   {Name: "l2", Type: "TanH"},
		"another config": {Name: "l2", Type: "ReLU", Config: slope},
		"none":           {Name: "l3", Type: "ReLU"},
	} {
		server := newScriptedServer(t)
		session := scriptedLayer(t, server, connect(t, server.address, quick())).Session()
		answer := sessionAnswer()
		answer.Layers = append(answer.Layers, found)
		server.next("AddLayer", unavailable(), exists(edunn.ErrLayerExists))
		server.next("GetSession", reply(&edunnpb.GetSessionResponse{Session: answer}))
		layer, err := session.AddLayer(t.Context(), "l2", "ReLU", nil)
		if name != "the same" {
			if !errors.Is(err, edunn.ErrLayerExists) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		must(t, err)
		if layer.Info().Type != "ReLU" || len(session.Info().Layers) != 2 {
			t.Errorf("got %v", session.Info())
		}
	}
}

func TestALayerOfThatNameIsAnErrorAtTheFirstAttempt(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	session := scriptedLayer(t, server, connect(t, server.address, quick())).Session()
	server.next("AddLayer", exists(edunn.ErrLayerExists))
	_, err := session.AddLayer(t.Context(), "l1", "ReLU", nil)
	if !errors.Is(err, edunn.ErrLayerExists) || server.calls("GetSession") != 0 {
		t.Errorf("got %v", err)
	}
}

func TestASessionThatALostAnswerHasCreatedIsFound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*edunnpb.Session){
		"the same":      func(*edunnpb.Session) {},
		"another seed":  func(session *edunnpb.Session) { session.Seed++ },
		"another phase": func(session *edunnpb.Session) { session.Phase = edunnpb.Phase_PHASE_TEST },
		"in use": func(session *edunnpb.Session) {
			session.Layers = []*edunnpb.Layer{{Name: "l1"}}
		},
	} {
		server := newScriptedServer(t)
		var created *edunnpb.Session
		server.next("CreateSession", func(_ context.Context, request any) (any, error) {
			asked := request.(*edunnpb.CreateSessionRequest)
			created = &edunnpb.Session{
				SessionId: asked.GetSessionId(), Seed: asked.GetSeed(), Phase: asked.GetPhase(),
			}
			change(created)
			return nil, refusal(codes.Unavailable, "UNAVAILABLE", 0)
		}, exists(edunn.ErrSessionExists))
		server.next("GetSession", func(context.Context, any) (any, error) {
			return &edunnpb.GetSessionResponse{Session: created}, nil
		})
		session, err := connect(t, server.address, quick()).CreateSession(t.Context(),
			edunn.WithSessionID("mine"), edunn.WithPhase(edunn.Training))
		if name != "the same" {
			if !errors.Is(err, edunn.ErrSessionExists) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		must(t, err)
		if session.ID() != "mine" || session.Seed() != created.GetSeed() {
			t.Errorf("got %v", session.Info())
		}
	}
}

func TestLeavingASessionAfterAFailureDoesNotWaitAgain(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address, quick()))
	for range 2 * attempts {
		server.next("Forward", unavailable())
		server.next("DeleteSession", unavailable())
	}
	_, err := layer.Forward(t.Context(), ones(1))
	if !errors.Is(err, edunn.ErrUnavailable) || server.calls("Forward") != attempts {
		t.Errorf("got %v after %d calls", err, server.calls("Forward"))
	}
	err = layer.Session().Close(t.Context())
	if !errors.Is(err, edunn.ErrUnavailable) || server.calls("DeleteSession") != 1 {
		t.Errorf("got %v after %d calls", err, server.calls("DeleteSession"))
	}
}

func TestNothingIsEncodedForAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	layer := scriptedLayer(t, server, connect(t, server.address))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	malformed := edunn.NewTensor([]float64{1}, 2)
	_, forward := layer.Forward(ctx, malformed)
	_, backward := layer.Backward(ctx, malformed)
	set := layer.SetParameters(ctx, map[string]edunn.AnyTensor{"w": malformed})
	_, added := layer.Session().AddLayer(ctx, "l2", "ReLU", edunn.Config{"f": func() {}})
	for _, err := range []error{forward, backward, set, added} {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, edunn.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	}
}

func TestNoTimeoutIsNoDeadline(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	server.next("GetSession", func(ctx context.Context, _ any) (any, error) {
		if _, has := ctx.Deadline(); has {
			return nil, status.Error(codes.Internal, "a deadline")
		}
		return gotSession()(ctx, nil)
	})
	client := connect(t, server.address, edunn.WithTimeout(edunn.NoTimeout))
	_, err := client.GetSession(context.WithoutCancel(t.Context()), "s1")
	must(t, err)
}

func TestNoSessionLivesForEver(t *testing.T) {
	t.Parallel()
	server := newScriptedServer(t)
	for _, ttl := range []time.Duration{0, -time.Second, edunn.NoTimeout} {
		_, err := connect(t, server.address).CreateSession(t.Context(), edunn.WithTTL(ttl))
		var failure *edunn.Error
		if !errors.As(err, &failure) || failure.Violations[0].Field != "ttl" {
			t.Errorf("%v: got %v", ttl, err)
		}
	}
	if server.calls("CreateSession") != 0 {
		t.Error("a session was asked for")
	}
}
