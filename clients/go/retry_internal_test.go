package edunn

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

func TestPausesGrowAndAreBounded(t *testing.T) {
	t.Parallel()
	policy := RetryPolicy{FirstPause: time.Second, LongestPause: 10 * time.Second}
	delay := time.Minute
	for attempt, longest := range []time.Duration{1, 2, 4, 8, 10, 10} {
		longest *= time.Second
		for range 100 {
			pause := policy.pauseAfter(attempt, &Error{})
			if pause < longest/2 || pause > longest {
				t.Errorf("attempt %d: a pause of %v", attempt, pause)
			}
			if told := policy.pauseAfter(attempt, &Error{RetryDelay: &delay}); told < delay+longest/2 {
				t.Errorf("attempt %d: a pause of %v, shorter than told", attempt, told)
			}
		}
	}
	if pause := policy.pauseAfter(1000, &Error{}); pause > policy.LongestPause {
		t.Errorf("a pause of %v", pause)
	}
	if pause := (RetryPolicy{}).pauseAfter(0, &Error{}); pause != 0 {
		t.Errorf("a pause of %v", pause)
	}
}

func TestNobodyWaitsForMoreThanHalfASecondBetweenAttempts(t *testing.T) {
	t.Parallel()
	for attempt := range 100 {
		pause := DefaultRetryPolicy().pauseAfter(attempt, &Error{})
		if pause > 500*time.Millisecond {
			t.Errorf("attempt %d: a pause of %v", attempt, pause)
		}
	}
}

func TestCancellingTheContextEndsThePauseBeforeARetry(t *testing.T) {
	t.Parallel()
	settings, err := newSettings([]Option{WithTimeout(2 * time.Hour), WithRetryPolicy(RetryPolicy{
		FirstPause: time.Hour, LongestPause: time.Hour,
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped by the user")
	away := func(
		context.Context, *edunnpb.GetSessionRequest, ...grpc.CallOption,
	) (*edunnpb.GetSessionResponse, error) {
		cancel(stopped)
		return nil, status.Error(codes.Unavailable, "away")
	}
	_, err = call(ctx, &Client{settings: settings}, away, &edunnpb.GetSessionRequest{}, repeatable)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, stopped) ||
		!errors.Is(err, ErrCancelled) {
		t.Errorf("got %v", err)
	}
}
