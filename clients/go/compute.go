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
// It takes the next operation only while no more than [WithInFlight] allows are under way, so
// operations may be endless. Breaking out of the loop ends the stream, and what has no result yet
// is not waited for. If the stream itself breaks, what is under way fails with UNAVAILABLE, and no
// further operation is taken.
//
// Operations are taken between two steps of the loop. Where they come at a pace of their own, use a
// Stream.
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
		answered := make(chan *Pending, cap(stream.inFlight))
		open := 0
		// next yields one result, waiting for it if need be.
		next := func() bool {
			pending := <-answered
			open--
			return yield(pending.result, pending.err)
		}
		for operation := range operations {
			for open == cap(answered) || len(answered) > 0 {
				if !next() {
					return
				}
			}
			take, err := operation.prepare()
			if err != nil {
				if !yield(Result{Operation: operation}, err) {
					return
				}
				continue
			}
			if _, err := stream.submit(ctx, operation, take, answered); err != nil {
				if !yield(Result{Operation: operation}, err) {
					return
				}
				break
			}
			open++
		}
		for open > 0 {
			if !next() {
				return
			}
		}
	}
}
