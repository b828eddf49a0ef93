package edunn

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
)

// Pending is an operation that has been sent through a [Stream].
type Pending struct {
	operation Operation
	// forget tells the stream that nobody waits any longer, and returns whether it was still waiting.
	forget func() bool
	// answered, where there is one, is told of the end too. It must have room.
	answered chan<- *Pending

	done   chan struct{}
	result Result
	err    error
}

// Done returns a channel that is closed when the operation has ended. Wait then returns at once.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Wait returns how the operation ended, or an error when ctx ends before. The operation itself goes
// on in that case.
func (p *Pending) Wait(ctx context.Context) (Result, error) {
	select {
	case <-p.done:
		return p.result, p.err
	case <-ctx.Done():
		return Result{Operation: p.operation}, contextError(ctx)
	}
}

// Cancel ends an operation that has not ended with CANCELLED. The service is told, but may have
// carried it out.
func (p *Pending) Cancel() {
	if p.forget() {
		p.end(Result{}, &Error{
			Code: codes.Canceled, Reason: ErrCancelled, Message: "the operation was cancelled",
		})
	}
}

// String says what the operation is, and how it ended.
func (p *Pending) String() string {
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Sprintf("%v: %v", p.operation, p.err)
		}
		return fmt.Sprintf("%v: %v", p.operation, p.result)
	default:
		return fmt.Sprintf("%v: under way", p.operation)
	}
}

func (p *Pending) end(result Result, err error) {
	result.Operation = p.operation
	if err == nil {
		p.operation.answered(result)
	}
	p.result, p.err = result, err
	close(p.done)
	if p.answered != nil {
		p.answered <- p
	}
}
