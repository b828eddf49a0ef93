package edunn

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// sharedStream carries the forwards, backwards and steps of a client's calls through one Compute rpc, which
// is opened when the first one comes and again after it has ended.
type sharedStream struct {
	client *Client
	ctx    context.Context
	// refused tells that something on the way takes no streams.
	refused atomic.Bool

	mu      sync.Mutex
	current *opening
}

// opening is a Compute rpc on its way. After done is closed it is call, or failed with err.
type opening struct {
	done chan struct{}
	call *computeCall
	err  error
}

// errRefused says that a call has to be made by itself.
var errRefused = errors.New("streams are refused")

// forward makes a Forward, through the shared stream where there is one.
func (c *Client) forward(
	ctx context.Context, request *edunnpb.ForwardRequest, options ...grpc.CallOption,
) (*edunnpb.ForwardResponse, error) {
	return shareCall(ctx, c, request, options, c.service.Forward,
		&edunnpb.ComputeOperation{Operation: &edunnpb.ComputeOperation_Forward{Forward: request}},
		(*edunnpb.ComputeResult).GetForward)
}

// backward makes a Backward, through the shared stream where there is one.
func (c *Client) backward(
	ctx context.Context, request *edunnpb.BackwardRequest, options ...grpc.CallOption,
) (*edunnpb.BackwardResponse, error) {
	return shareCall(ctx, c, request, options, c.service.Backward,
		&edunnpb.ComputeOperation{Operation: &edunnpb.ComputeOperation_Backward{Backward: request}},
		(*edunnpb.ComputeResult).GetBackward)
}

// shareCall makes a call through the shared stream, or by its own method where it is refused there.
func shareCall[Request proto.Message, Response any](
	ctx context.Context, c *Client, request Request, options []grpc.CallOption,
	alone method[Request, Response], operation *edunnpb.ComputeOperation,
	answer func(*edunnpb.ComputeResult) Response,
) (Response, error) {
	result, err := c.share(ctx, request, options, operation)
	if errors.Is(err, errRefused) {
		return alone(ctx, request, options...)
	}
	return answer(result), err
}

// share sends an operation through the shared stream and waits for its result. What has headers of
// its own, or is so large that others would wait behind it, is refused.
func (c *Client) share(
	ctx context.Context, request proto.Message, options []grpc.CallOption,
	operation *edunnpb.ComputeOperation,
) (*edunnpb.ComputeResult, error) {
	headers, _ := metadata.FromOutgoingContext(ctx)
	if c.shared == nil || c.shared.refused.Load() || len(headers) > 0 ||
		proto.Size(request) > messageBytes {
		return nil, errRefused
	}
	came, err := c.shared.run(ctx, operation)
	if came.sent {
		markSent(options)
	}
	switch {
	case err != nil:
		return nil, err
	case came.failure != nil:
		return nil, came.failure
	case came.result.GetError() != nil:
		return nil, errorFromOperation(came.result.GetError())
	default:
		return came.result, nil
	}
}

// markSent tells call that the service may have the request, in the way in which gRPC does.
func markSent(options []grpc.CallOption) {
	for _, option := range options {
		if to, is := option.(grpc.PeerCallOption); is {
			*to.PeerAddr = peer.Peer{Addr: sharedAddress{}}
		}
	}
}

// sharedAddress stands for the server at the other end of the shared stream.
type sharedAddress struct{}

func (sharedAddress) Network() string { return "shared stream" }

func (sharedAddress) String() string { return "shared stream" }

func (s *sharedStream) run(
	ctx context.Context, operation *edunnpb.ComputeOperation,
) (answer, error) {
	came := make(chan answer, 1)
	call, id, err := s.submit(ctx, operation, came)
	if err != nil {
		return answer{}, err
	}
	select {
	case got := <-came:
		if got.failure != nil && s.refuses(call, got.failure) {
			return answer{}, errRefused
		}
		return got, nil
	case <-ctx.Done():
		_, sent := call.forget(id)
		return answer{sent: sent}, contextError(ctx)
	}
}

// submit sends an operation through the rpc that is open, or through a new one.
func (s *sharedStream) submit(
	ctx context.Context, operation *edunnpb.ComputeOperation, came chan<- answer,
) (*computeCall, string, error) {
	take := func() (*edunnpb.ComputeOperation, error) {
		if deadline, has := ctx.Deadline(); has {
			operation.Timeout = durationpb.New(max(time.Until(deadline), time.Millisecond))
		}
		return operation, nil
	}
	var ended error
	for range 2 {
		call, err := s.open(ctx)
		if err != nil {
			return nil, "", err
		}
		id, err := call.submit(take, func(got answer) { came <- got })
		if err == nil {
			return call, id, nil
		}
		// It ended a moment ago.
		s.drop(call)
		ended = err
	}
	return nil, "", ended
}

// open returns the rpc that is open, or opens one. Callers that come meanwhile wait for the same.
func (s *sharedStream) open(ctx context.Context) (*computeCall, error) {
	s.mu.Lock()
	if s.current == nil {
		s.current = &opening{done: make(chan struct{})}
		go s.connect(s.current)
	}
	current := s.current
	s.mu.Unlock()
	select {
	case <-current.done:
		return current.call, current.err
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
}

func (s *sharedStream) connect(current *opening) {
	defer close(current.done)
	ctx, cancel := context.WithCancel(s.ctx)
	rpc, err := s.client.service.Compute(ctx, s.client.settings.call...)
	if err != nil {
		cancel()
		current.err = err
		s.mu.Lock()
		s.current = nil // the next attempt opens another
		s.mu.Unlock()
		return
	}
	current.call = newComputeCall(ctx, rpc, cancel, func(bool) {})
}

// drop forgets an rpc that has ended.
func (s *sharedStream) drop(call *computeCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.call == call {
		s.current = nil
	}
}

// refuses tells whether an rpc has ended because something on the way to the service takes no
// streams. Calls are then made by themselves.
func (s *sharedStream) refuses(call *computeCall, failure *Error) bool {
	call.mu.Lock()
	answered := call.answers
	call.mu.Unlock()
	if answered || failure.Code != codes.Unimplemented &&
		(failure.Code == codes.Unavailable || !strings.Contains(failure.Message, "HTTP status")) {
		return false
	}
	if !s.refused.Swap(true) {
		s.client.settings.log().Warn("edunn: no stream gets through, calls are made by themselves",
			"error", failure.Message)
	}
	return true
}

// detach gives the tensors of a call memory of their own if it is to share a stream: a caller that
// no longer waits may write into them while they are sent.
func (c *Client) detach(tensors ...*edunnpb.Tensor) {
	if c.shared == nil {
		return
	}
	for _, tensor := range tensors {
		if len(tensor.GetData()) <= messageBytes {
			detach(tensor)
		}
	}
}
