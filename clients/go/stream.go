package edunn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/grpc/codes"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Stream is a Compute stream, made by [Client.OpenStream]: operations are sent without waiting for
// the answers to earlier ones. Goroutines may share it.
//
// Operations of one session take effect in the order in which they are sent, so a backward may be
// sent before its forward is answered. An error is its own operation's and the stream goes on. If
// the connection breaks, every operation without an answer fails with UNAVAILABLE; nothing is tried
// again, as the order would be lost.
type Stream struct {
	// ctx is the one that the stream was opened with, for why it has ended.
	ctx    context.Context
	rpc    edunnpb.LayerService_ComputeClient
	cancel context.CancelFunc

	// inFlight has an element for every operation that waits for its answer.
	inFlight chan struct{}
	// wake tells the writer that there is something to send, or that nothing more will come.
	wake chan struct{}
	// over is closed when the stream has ended; failure is set before.
	over    chan struct{}
	failure *Error

	mu      sync.Mutex
	outbox  outbox
	waiting map[string]*Pending
	sent    int
	closed  bool
	stall   *stall
	stalled *Error
}

// StreamOption says something about a stream.
type StreamOption func(*streamOptions)

type streamOptions struct{ inFlight int }

// WithInFlight bounds how many operations of a stream may wait for their answers; 64 otherwise.
// [Stream.Send] waits while there are so many.
func WithInFlight(operations int) StreamOption {
	return func(options *streamOptions) { options.inFlight = max(operations, 1) }
}

func newStreamOptions(options []StreamOption) streamOptions {
	chosen := streamOptions{inFlight: 64}
	for _, option := range options {
		option(&chosen)
	}
	return chosen
}

// OpenStream opens a Compute stream, which lives until it is closed or ctx ends. It is given up
// with DEADLINE_EXCEEDED if its operations have waited for the client's timeout without a single
// answer.
func (c *Client) OpenStream(ctx context.Context, options ...StreamOption) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	rpc, err := c.openCompute(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	stream := &Stream{
		ctx:      ctx,
		rpc:      rpc,
		cancel:   cancel,
		inFlight: make(chan struct{}, newStreamOptions(options).inFlight),
		wake:     make(chan struct{}, 1),
		over:     make(chan struct{}),
		waiting:  map[string]*Pending{},
	}
	stream.stall = newStall(c.settings.timeout, stream.giveUp)
	go stream.write()
	go stream.read()
	return stream, nil
}

// openCompute opens the rpc. What has not been sent is tried again, as long as a call may take.
func (c *Client) openCompute(ctx context.Context) (edunnpb.LayerService_ComputeClient, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	opening, cancel := c.settings.withDeadline(ctx)
	defer cancel()
	retries := newRetries(c, "Compute", onlyOnce)
	defer retries.end()
	for {
		rpc, err := c.service.Compute(ctx, c.settings.call...)
		if err == nil {
			return rpc, nil
		}
		if err := retries.pause(opening, c.judge(ctx, err, false)); err != nil {
			return nil, err
		}
	}
}

// Send sends an operation. It waits while as many as [WithInFlight] allows are without an answer,
// at most until ctx ends; it does not wait for the answer, which the Pending gives.
func (s *Stream) Send(ctx context.Context, operation Operation) (*Pending, error) {
	take, err := operation.prepare()
	if err != nil {
		return nil, err
	}
	return s.submit(ctx, operation, take, nil)
}

func (s *Stream) submit(
	ctx context.Context, operation Operation, take takePlace, answered chan<- *Pending,
) (*Pending, error) {
	select {
	case s.inFlight <- struct{}{}:
	case <-s.over:
		return nil, s.whyOver()
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		<-s.inFlight
		return nil, s.whyOver()
	}
	message, err := take()
	if err != nil {
		<-s.inFlight
		return nil, err
	}
	s.sent++
	message.RequestId = fmt.Sprint(s.sent)
	pending := &Pending{operation: operation, answered: answered, done: make(chan struct{})}
	if len(s.waiting) == 0 {
		s.stall.restart(true)
	}
	s.waiting[message.RequestId] = pending
	s.outbox.add(message)
	s.wakeWriter()
	return pending, nil
}

// Close sends what is left, waits for all answers, and ends the stream. It returns what broke the
// stream, if something did.
func (s *Stream) Close() error {
	s.mu.Lock()
	s.closed = true
	s.wakeWriter()
	s.mu.Unlock()
	<-s.over
	if s.failure != nil {
		return s.failure
	}
	return nil
}

// abandon ends the stream without waiting for answers.
func (s *Stream) abandon() {
	s.cancel()
	<-s.over
}

func (s *Stream) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

func (s *Stream) whyOver() error {
	if s.isOver() && s.failure != nil {
		return s.failure
	}
	return &Error{Code: codes.FailedPrecondition, Message: "the stream has been closed"}
}

func (s *Stream) wakeWriter() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been told and not yet looked
	}
}

func (s *Stream) write() {
	for {
		select {
		case <-s.wake:
		case <-s.over:
			return
		}
		for {
			s.mu.Lock()
			request, closed := s.outbox.next(), s.closed
			s.mu.Unlock()
			if request == nil {
				if closed {
					_ = s.rpc.CloseSend() // it always returns nil
					return
				}
				break
			}
			if s.rpc.Send(request) != nil {
				return // the stream has ended, and the reader learns why
			}
		}
	}
}

func (s *Stream) read() {
	for {
		response, err := s.rpc.Recv()
		if err != nil {
			s.end(err)
			return
		}
		for _, result := range response.GetResults() {
			s.settle(result)
		}
	}
}

func (s *Stream) settle(result *edunnpb.ComputeResult) {
	s.mu.Lock()
	pending := s.waiting[result.GetRequestId()]
	delete(s.waiting, result.GetRequestId())
	s.stall.restart(len(s.waiting) > 0)
	s.mu.Unlock()
	if pending == nil {
		return
	}
	<-s.inFlight
	pending.end(decodeResult(result))
}

// end fails what is left without an answer.
func (s *Stream) end(err error) {
	defer s.cancel()
	s.mu.Lock()
	early := !s.closed || len(s.waiting) > 0
	s.closed = true
	left := s.waiting
	s.waiting = nil
	s.stall.restart(false)
	switch {
	case s.stalled != nil:
		s.failure = s.stalled
	case !errors.Is(err, io.EOF):
		s.failure = callError(s.ctx, err)
	case early:
		s.failure = &Error{
			Code:    codes.Unavailable,
			Reason:  ErrUnavailable,
			Message: "the service ended the stream",
		}
	}
	s.mu.Unlock()
	close(s.over)
	for _, pending := range left {
		pending.end(Result{}, s.failure)
	}
}

// giveUp ends a stream that has been silent for too long.
func (s *Stream) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stall.expired() {
		s.stalled = &Error{
			Code:    codes.DeadlineExceeded,
			Reason:  ErrDeadlineExceeded,
			Message: fmt.Sprintf("no operation of the stream was answered for %v", s.stall.timeout),
		}
		s.cancel()
	}
}

func decodeResult(message *edunnpb.ComputeResult) (Result, error) {
	switch result := message.GetResult().(type) {
	case *edunnpb.ComputeResult_Forward:
		output, err := decodeOutput(result.Forward)
		return Result{Output: &output}, err
	case *edunnpb.ComputeResult_Backward:
		gradients, err := decodeGradients(result.Backward)
		return Result{Gradients: &gradients}, err
	case *edunnpb.ComputeResult_Error:
		return Result{}, errorFromOperation(result.Error)
	default:
		return Result{}, malformed("a result without an answer")
	}
}
