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

// computeCall is a Compute rpc under way: it sends operations as they come and gives each its
// answer. A [Stream] is one with an order and a bound; a client's shared stream is another.
type computeCall struct {
	// ctx is the one that the rpc was opened with, for why it has ended.
	ctx    context.Context
	rpc    edunnpb.LayerService_ComputeClient
	cancel context.CancelFunc
	// noted is told of every first operation and every answer, and whether operations wait then.
	noted func(waiting bool)

	// wake tells the writer that there is something to send, or that nothing more will come.
	wake chan struct{}
	// over is closed when the rpc has ended; failure is set before.
	over    chan struct{}
	failure *Error

	mu      sync.Mutex
	outbox  outbox
	waiting map[string]func(answer)
	count   int
	closed  bool
	// answers tells whether there has been an answer.
	answers bool
	// givenUp is why this client has ended the rpc itself.
	givenUp *Error
}

// answer is what came of an operation.
type answer struct {
	result *edunnpb.ComputeResult
	// failure is why the rpc ended without a result; nil if there is one.
	failure *Error
	// sent tells whether the service may have the operation.
	sent bool
}

func newComputeCall(
	ctx context.Context, rpc edunnpb.LayerService_ComputeClient, cancel context.CancelFunc,
	noted func(waiting bool),
) *computeCall {
	call := &computeCall{
		ctx:     ctx,
		rpc:     rpc,
		cancel:  cancel,
		noted:   noted,
		wake:    make(chan struct{}, 1),
		over:    make(chan struct{}),
		waiting: map[string]func(answer){},
	}
	go call.write()
	go call.read()
	return call
}

// submit sends the message that take returns. settle is told what comes of it. The id returned is
// that of the message.
func (c *computeCall) submit(take takePlace, settle func(answer)) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		if c.failure != nil {
			return "", c.failure
		}
		return "", errStreamClosed()
	}
	message, err := take()
	if err != nil {
		return "", err
	}
	c.count++
	message.RequestId = fmt.Sprint(c.count)
	if len(c.waiting) == 0 {
		c.noted(true)
	}
	c.waiting[message.RequestId] = settle
	c.outbox.add(message)
	c.wakeWriter()
	return message.RequestId, nil
}

// forget gives up an operation: if it has been sent, the service is told, and its settle is not
// called any longer. It returns whether the operation was still waiting, and whether the service may
// have it.
func (c *computeCall) forget(id string) (waiting, sent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[id] == nil {
		return false, true
	}
	delete(c.waiting, id)
	c.noted(len(c.waiting) > 0)
	if c.outbox.remove(id) {
		return true, false
	}
	c.outbox.cancel(id)
	c.wakeWriter()
	return true, true
}

// close lets the rpc end when all is answered.
func (c *computeCall) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.wakeWriter()
}

// giveUp ends the rpc for a reason of this client's own.
func (c *computeCall) giveUp(why *Error) {
	c.mu.Lock()
	c.givenUp = why
	c.mu.Unlock()
	c.cancel()
}

func (c *computeCall) isOver() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

func (c *computeCall) whyOver() error {
	if c.isOver() && c.failure != nil {
		return c.failure
	}
	return errStreamClosed()
}

func errStreamClosed() *Error {
	return &Error{Code: codes.FailedPrecondition, Message: "the stream has been closed"}
}

func (c *computeCall) wakeWriter() {
	select {
	case c.wake <- struct{}{}:
	default: // it has been told and not yet looked
	}
}

func (c *computeCall) write() {
	for {
		select {
		case <-c.wake:
		case <-c.over:
			return
		}
		for {
			c.mu.Lock()
			request, closed := c.outbox.next(), c.closed
			c.mu.Unlock()
			if request == nil {
				if closed {
					_ = c.rpc.CloseSend() // it always returns nil
					return
				}
				break
			}
			if c.rpc.Send(request) != nil {
				return // the rpc has ended, and the reader learns why
			}
		}
	}
}

func (c *computeCall) read() {
	for {
		response, err := c.rpc.Recv()
		if err != nil {
			c.end(err)
			return
		}
		for _, result := range response.GetResults() {
			c.settle(result)
		}
	}
}

func (c *computeCall) settle(result *edunnpb.ComputeResult) {
	c.mu.Lock()
	settle := c.waiting[result.GetRequestId()]
	delete(c.waiting, result.GetRequestId())
	c.answers = true
	c.noted(len(c.waiting) > 0)
	c.mu.Unlock()
	if settle != nil {
		settle(answer{result: result, sent: true})
	}
}

// end fails what is left without an answer.
func (c *computeCall) end(err error) {
	defer c.cancel()
	c.mu.Lock()
	early := !c.closed || len(c.waiting) > 0
	c.closed = true
	left, unsent := c.waiting, c.outbox.ids()
	c.waiting = nil
	c.noted(false)
	switch {
	case c.givenUp != nil:
		c.failure = c.givenUp
	case !errors.Is(err, io.EOF):
		c.failure = callError(c.ctx, err)
	case early:
		c.failure = unavailable("the service ended the stream")
	}
	c.mu.Unlock()
	close(c.over)
	for id, settle := range left {
		settle(answer{failure: c.failure, sent: !unsent[id]})
	}
}
