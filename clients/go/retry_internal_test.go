package edunn

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestPausesGrowAndAreBounded(t *testing.T) {
	t.Parallel()
	policy := RetryPolicy{Attempts: 7, FirstPause: time.Second, LongestPause: 10 * time.Second}
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

func TestCancellingTheContextEndsThePauseBeforeARetry(t *testing.T) {
	t.Parallel()
	client := &Client{settings: settings{timeout: 2 * time.Hour, retry: RetryPolicy{
		Attempts: 2, FirstPause: time.Hour, LongestPause: time.Hour,
	}}}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := call(ctx, client, true, func(context.Context) (struct{}, error) {
		cancel()
		return struct{}{}, status.Error(codes.Unavailable, "away")
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
