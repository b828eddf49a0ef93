package edunn

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"
)

// RetryPolicy says how often and after what pauses a failed call is made again.
//
// The n-th pause is between half of FirstPause * 2^n and all of it, at most LongestPause. Where the
// service names a delay, that comes on top. The random share keeps many refused callers from coming
// back at the same moment.
type RetryPolicy struct {
	// Attempts is how often a call is made at most. 1 turns retries off; 0 leaves the end to the
	// call's deadline.
	Attempts int
	// FirstPause is the longest pause after the first failure.
	FirstPause time.Duration
	// LongestPause bounds every pause but for the service's own delay.
	LongestPause time.Duration
}

// DefaultRetryPolicy returns the policy of a client that is given no other: attempts until the
// deadline, pauses from 100 milliseconds to half a second.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{FirstPause: 100 * time.Millisecond, LongestPause: 500 * time.Millisecond}
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

// repetition says whether sending a call a second time changes nothing, even if the first one has
// arrived.
type repetition bool

const (
	repeatable repetition = true
	onlyOnce   repetition = false
)

// failedAttempt is an attempt of a call that came to nothing.
type failedAttempt struct {
	failure *Error
	// sent tells whether the service may have it.
	sent bool
	// hopeless tells that every further attempt would end so.
	hopeless bool
}

// mayRepeat tells whether the call may be made again.
//
// What was never sent may. RESOURCE_EXHAUSTED with a delay says that the call was refused and never
// ran. After UNAVAILABLE nobody knows: the connection may have broken on the way back. Then only a
// call whose repetition changes nothing may be made again. Every other error would come back.
func (f failedAttempt) mayRepeat(repetition repetition) bool {
	switch {
	case f.hopeless:
		return false
	case f.failure.Code == codes.ResourceExhausted:
		return f.failure.RetryDelay != nil
	case f.failure.Code == codes.Unavailable:
		return !f.sent || repetition == repeatable
	default:
		return false
	}
}

// method is one of the service's, as the generated stub has it.
type method[Request, Response any] func(context.Context, Request, ...grpc.CallOption) (Response, error)

// call makes a call, again where that is safe.
func call[Request proto.Message, Response any](
	ctx context.Context, client *Client, method method[Request, Response], request Request,
	repetition repetition,
) (Response, error) {
	return callResolving(ctx, client, method, request, repetition,
		func(context.Context, Request) (none Response) { return none })
}

// callResolving makes a call, again where that is safe. Where a repetition finds that what it would
// create exists, made tells whether that is the first attempt's doing: it returns the answer, or the
// zero Response.
func callResolving[Request proto.Message, Response any](
	ctx context.Context, client *Client, method method[Request, Response], request Request,
	repetition repetition, made func(context.Context, Request) Response,
) (Response, error) {
	var none Response
	if ctx.Err() != nil {
		return none, contextError(ctx)
	}
	ctx, cancel := client.settings.withDeadline(ctx)
	defer cancel()
	retries := newRetries(client, nameOf(request), repetition)
	defer retries.end()
	if failure := client.throughProxy(ctx); failure != nil {
		return none, retries.pause(ctx, failedAttempt{failure: failure, hopeless: true})
	}
	for {
		var server peer.Peer
		response, err := method(ctx, request,
			append(client.settings.call[:len(client.settings.call):len(client.settings.call)],
				grpc.Peer(&server))...)
		if err == nil {
			retries.answered()
			return response, nil
		}
		failed := client.judge(ctx, err, server.Addr != nil)
		if retries.uncertain && failed.failure.Code == codes.AlreadyExists {
			if answer := made(ctx, request); any(answer) != any(none) {
				return answer, nil
			}
		}
		if err := retries.pause(ctx, failed); err != nil {
			return none, err
		}
	}
}

// throughProxy fails where a proxy before the service is silent.
func (c *Client) throughProxy(ctx context.Context) *Error {
	if c.connection == nil {
		return nil
	}
	return c.connection.throughProxy(ctx)
}

// judge says what an attempt's error means.
func (c *Client) judge(ctx context.Context, err error, sent bool) failedAttempt {
	failed := failedAttempt{failure: callError(ctx, err), sent: sent}
	if !sent && failed.failure.Code == codes.Unavailable && c.connection != nil {
		failed.failure, failed.hopeless = c.connection.unreachable(failed.failure)
	}
	return failed
}

// retries are the attempts of one call so far.
type retries struct {
	client     *Client
	method     string
	repetition repetition
	began      time.Time
	failures   int
	last       *Error
	// uncertain tells whether an attempt that failed may have arrived.
	uncertain bool
}

func newRetries(client *Client, method string, repetition repetition) *retries {
	return &retries{client: client, method: method, repetition: repetition, began: time.Now()}
}

// answered notes that the service is there.
func (r *retries) answered() { r.client.away.Store(false) }

// pause waits until the next attempt. If there is to be none it returns the call's error.
func (r *retries) pause(ctx context.Context, failed failedAttempt) error {
	failure := failed.failure
	r.client.away.Store(failure.Code == codes.Unavailable || failure.Code == codes.DeadlineExceeded)
	if failure.Code == codes.DeadlineExceeded && r.last != nil {
		failure = failure.after(r.last)
	}
	r.failures++
	r.last = failure
	r.uncertain = r.uncertain || failed.sent && failure.Code == codes.Unavailable
	policy := r.client.settings.retry
	pause := policy.pauseAfter(r.failures-1, failure)
	deadline, has := ctx.Deadline()
	if r.failures == policy.Attempts || !failed.mayRepeat(r.repetition) ||
		has && pause >= time.Until(deadline) {
		return failure
	}
	r.client.settings.log().Warn("edunn: "+r.method+" is tried again",
		"attempt", r.failures+1, "pause", pause, "reason", string(failure.Reason),
		"error", failure.Message)
	if !failed.sent && r.client.connection != nil {
		r.client.connection.untilConnected(ctx, pause)
	} else {
		sleep(ctx, pause)
	}
	if ctx.Err() != nil {
		return contextError(ctx).after(failure)
	}
	return nil
}

// end tells the log of a slow call.
func (r *retries) end() {
	if taken := time.Since(r.began); taken >= r.client.settings.slow {
		r.client.settings.log().Warn("edunn: "+r.method+" was slow",
			"seconds", taken.Seconds(), "attempts", r.failures+1)
	}
}

func sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// nameOf returns the method's name, which its request has too.
func nameOf(request proto.Message) string {
	return strings.TrimSuffix(string(request.ProtoReflect().Descriptor().Name()), "Request")
}
