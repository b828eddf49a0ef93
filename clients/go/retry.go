package edunn

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
)

// RetryPolicy says how often and after what pauses a failed call is made again.
//
// The n-th pause is between half of FirstPause * 2^n and all of it, at most LongestPause. Where the
// service names a delay, that comes on top. The random share keeps many refused callers from coming
// back at the same moment.
type RetryPolicy struct {
	// Attempts is how often a call is made at most; 1 turns retries off.
	Attempts int
	// FirstPause is the longest pause after the first failure.
	FirstPause time.Duration
	// LongestPause bounds every pause but for the service's own delay.
	LongestPause time.Duration
}

// DefaultRetryPolicy returns the policy of a client that is given no other: seven attempts, pauses
// from 100 milliseconds to 5 seconds. A service that restarts within three seconds is waited for.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{Attempts: 7, FirstPause: 100 * time.Millisecond, LongestPause: 5 * time.Second}
}

// pauseAfter returns how long to wait after the failed attempt, counted from 0.
func (p RetryPolicy) pauseAfter(attempt int, failure *Error) time.Duration {
	longest := p.LongestPause
	// Beyond 2^30 the doubling could overflow, and no pause is that long.
	if growing := p.FirstPause << min(attempt, 30); growing > 0 && growing < longest {
		longest = growing
	}
	pause := longest/2 + rand.N(longest/2+1)
	if failure.RetryDelay != nil {
		pause += *failure.RetryDelay
	}
	return pause
}

// mayRepeat tells whether a call that failed so may be made again.
//
// RESOURCE_EXHAUSTED with a delay says that the call was refused and never ran. After UNAVAILABLE
// nobody knows: the connection may have broken on the way back. Then only a call whose repetition
// changes nothing may be made again. Every other error would come back.
func mayRepeat(failure *Error, repeatable bool) bool {
	switch failure.Code {
	case codes.ResourceExhausted:
		return failure.RetryDelay != nil
	case codes.Unavailable:
		return repeatable
	default:
		return false
	}
}

// call makes a call, again where that is safe. A call is repeatable if sending it a second time
// changes nothing, even if the first one arrived.
func call[Response any](
	ctx context.Context, client *Client, repeatable bool,
	attempt func(context.Context) (Response, error),
) (Response, error) {
	ctx, cancel := client.withDeadline(ctx)
	defer cancel()
	for failures := 0; ; failures++ {
		response, err := attempt(ctx)
		if err == nil {
			return response, nil
		}
		failure := errorFrom(err)
		pause := client.settings.retry.pauseAfter(failures, failure)
		deadline, _ := ctx.Deadline()
		if failures+1 >= client.settings.retry.Attempts ||
			!mayRepeat(failure, repeatable) ||
			pause >= time.Until(deadline) {
			return response, failure
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return response, contextError(ctx)
		}
	}
}
