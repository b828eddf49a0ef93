package edunn

import (
	"context"
	"iter"
)

// Compute runs operations through a [Stream] and yields their results as they come, each with its
// own error:
//
//	for result, err := range client.Compute(ctx, operations) { ... }
//
// A goroutine of its own ranges over operations, so they may come at a pace of their own, and may
// wait for results of earlier ones. It takes the next one only while no more than [WithInFlight]
// allows are without a result, so operations may be endless. Breaking out of the loop ends the
// stream, what has no result yet is not waited for, and no further operation is taken. If the stream
// itself breaks, what is under way fails with UNAVAILABLE, and no further operation is taken either.
func (c *Client) Compute(
	ctx context.Context, operations iter.Seq[Operation], options ...StreamOption,
) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		stream, err := c.OpenStream(ctx, options...)
		if err != nil {
			yield(Result{}, err)
			return
		}
		defer stream.abandon()
		feed := newFeed(stream)
		defer close(feed.left)
		go feed.run(ctx, operations)
		feed.yieldResults(yield)
	}
}

// feed sends operations through a stream as they come.
type feed struct {
	stream *Stream
	// room has an element for every operation whose result has not been yielded.
	room chan struct{}
	// answered gets the operations as they end. It has room for all.
	answered chan *Pending
	// left is closed when nobody waits for results any longer.
	left chan struct{}
	// ended is closed when there are no more operations; panicked is set before.
	ended    chan struct{}
	panicked any
}

func newFeed(stream *Stream) *feed {
	return &feed{
		stream:   stream,
		room:     make(chan struct{}, cap(stream.inFlight)),
		answered: make(chan *Pending, cap(stream.inFlight)),
		left:     make(chan struct{}),
		ended:    make(chan struct{}),
	}
}

func (f *feed) run(ctx context.Context, operations iter.Seq[Operation]) {
	defer close(f.ended)
	// What goes wrong in the caller's code goes wrong where the caller ranges over the results.
	defer func() { f.panicked = recover() }()
	for operation := range operations {
		select {
		case f.room <- struct{}{}:
		case <-f.left:
			return
		}
		if !f.send(ctx, operation) {
			return
		}
	}
}

// send sends an operation, and tells whether the stream takes more. One that cannot be sent ends at
// once.
func (f *feed) send(ctx context.Context, operation Operation) bool {
	take, err := prepare(operation)
	if err == nil {
		_, err = f.stream.submit(ctx, operation, take, f.answered)
	}
	if err == nil {
		return true
	}
	refused := &Pending{operation: operation, answered: f.answered, done: make(chan struct{})}
	refused.end(Result{}, err)
	return !f.stream.call.isOver()
}

func (f *feed) yieldResults(yield func(Result, error) bool) {
	ended, over := f.ended, f.stream.call.over
	for told := false; ended != nil || len(f.room) > 0; {
		select {
		case pending := <-f.answered:
			<-f.room
			told = told || pending.err != nil && f.stream.call.isOver() && pending.err == f.stream.call.whyOver()
			if !yield(pending.result, pending.err) {
				return
			}
		case <-ended:
			ended = nil
			if f.panicked != nil {
				panic(f.panicked)
			}
		case <-over:
			over = nil
			if len(f.room) > 0 {
				continue
			}
			if ended != nil && !told {
				yield(Result{}, f.stream.call.whyOver())
			}
			return
		}
		if over == nil && len(f.room) == 0 {
			return
		}
	}
}
