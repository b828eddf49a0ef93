package edunn

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
)

// chunkBytes is how much a part of a transfer has at most.
const chunkBytes = 1 << 20

// upload sends a request in parts and returns its answer; again from the first part, where that
// helps. The service keeps nothing unless all parts have come.
func upload[Request, Answer any](
	ctx context.Context, client *Client, method string,
	open func(context.Context, ...grpc.CallOption) (grpc.ClientStreamingClient[Request, Answer], error),
	parts iter.Seq[*Request],
) (*Answer, error) {
	return transfer(ctx, client, method, func(ctx context.Context) (*Answer, error) {
		stream, err := open(ctx, client.settings.call...)
		if err != nil {
			return nil, err
		}
		for part := range parts {
			// Where the service wants no more, its answer says why.
			if stream.Send(part) != nil {
				break
			}
		}
		return stream.CloseAndRecv()
	})
}

// hasChunk is an answer of a download.
type hasChunk[Answer any] interface {
	*Answer
	GetChunk() []byte
}

// download returns an answer that comes in chunks, asked for again where that helps.
func download[Request, Answer any, AnswerPointer hasChunk[Answer]](
	ctx context.Context, client *Client, method string,
	open func(context.Context, Request, ...grpc.CallOption) (grpc.ServerStreamingClient[Answer], error),
	request Request,
) ([]byte, error) {
	return transfer(ctx, client, method, func(ctx context.Context) ([]byte, error) {
		var file []byte
		chunks, err := open(ctx, request, client.settings.call...)
		for err == nil {
			var answer *Answer
			if answer, err = chunks.Recv(); err == nil {
				file = append(file, AnswerPointer(answer).GetChunk()...)
			}
		}
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		return nil, err
	})
}

// transfer makes attempts at a transfer, whose repetition changes nothing, until one succeeds.
func transfer[Result any](
	ctx context.Context, client *Client, method string,
	attempt func(context.Context) (Result, error),
) (Result, error) {
	var none Result
	if ctx.Err() != nil {
		return none, contextError(ctx)
	}
	ctx, cancel := client.settings.withDeadline(ctx)
	defer cancel()
	retries := newRetries(client, method, repeatable)
	defer retries.end()
	for {
		result, err := attempt(ctx)
		if err == nil {
			retries.answered()
			return result, nil
		}
		if err := retries.pause(ctx, client.judge(ctx, err, false)); err != nil {
			return none, err
		}
	}
}
