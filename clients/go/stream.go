package edunn

import (
	"context"
	"fmt"

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
	call *computeCall
	// inFlight has an element for every operation that waits for its answer.
	inFlight chan struct{}
	stall    *stall
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
// answer. Opening waits for the connection as a call does.
func (c *Client) OpenStream(ctx context.Context, options ...StreamOption) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	rpc, err := c.openCompute(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	stream := &Stream{inFlight: make(chan struct{}, newStreamOptions(options).inFlight)}
	stream.stall = newStall(c.settings.timeout, func() {
		stream.call.giveUp(&Error{
			Code:   codes.DeadlineExceeded,
			Reason: ErrDeadlineExceeded,
			Message: fmt.Sprintf("no operation of the stream was answered for %v",
				c.settings.timeout),
		})
	})
	stream.call = newComputeCall(ctx, rpc, cancel, stream.stall.restart)
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
	if failure := c.throughProxy(opening); failure != nil {
		return nil, failure
	}
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
	take, err := prepare(operation)
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
	case <-s.call.over:
		return nil, s.call.whyOver()
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
	pending := &Pending{operation: operation, answered: answered, done: make(chan struct{})}
	id, err := s.call.submit(take, func(came answer) {
		<-s.inFlight
		pending.end(came.decode())
	})
	if err != nil {
		<-s.inFlight
		return nil, err
	}
	pending.forget = func() bool {
		waiting, _ := s.call.forget(id)
		if waiting {
			<-s.inFlight
		}
		return waiting
	}
	return pending, nil
}

// Close sends what is left, waits for all answers, and ends the stream. It returns what broke the
// stream, if something did.
func (s *Stream) Close() error {
	s.call.close()
	<-s.call.over
	if s.call.failure != nil {
		return s.call.failure
	}
	return nil
}

// abandon ends the stream without waiting for answers.
func (s *Stream) abandon() {
	s.call.cancel()
	<-s.call.over
}

// String says how many operations are under way.
func (s *Stream) String() string {
	if s.call.isOver() {
		return "edunn.Stream, ended"
	}
	return fmt.Sprintf("edunn.Stream with %d operations under way", len(s.inFlight))
}

func (a answer) decode() (Result, error) {
	if a.failure != nil {
		return Result{}, a.failure
	}
	switch result := a.result.GetResult().(type) {
	case *edunnpb.ComputeResult_Forward:
		output, err := decodeOutput(result.Forward)
		return Result{Output: &output}, err
	case *edunnpb.ComputeResult_Backward:
		gradients, err := decodeGradients(result.Backward)
		return Result{Gradients: &gradients}, err
	case *edunnpb.ComputeResult_Step:
		step := decodeStep(result.Step)
		return Result{Step: &step}, nil
	case *edunnpb.ComputeResult_TrainStep:
		step := decodeTrainStep(result.TrainStep)
		return Result{TrainStep: &step}, nil
	case *edunnpb.ComputeResult_Error:
		return Result{}, errorFromOperation(result.Error)
	default:
		return Result{}, malformed("a result without an answer")
	}
}
