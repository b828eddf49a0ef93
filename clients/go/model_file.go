package edunn

import (
	"context"
	"errors"
	"io"
	"slices"

	"google.golang.org/grpc"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

const chunkBytes = 1 << 20

// Export returns the layer as a model file: safetensors, with the parameters and buffers by name and
// the layer's type and configuration in its metadata. edunn, PyTorch and all that know the format
// read it.
func (l *Layer) Export(ctx context.Context) ([]byte, error) {
	client := l.session.client
	return download(ctx, client, "ExportModel", client.service.ExportModel,
		&edunnpb.ExportModelRequest{SessionId: l.session.ID(), Layer: l.Name()})
}

// Import takes a model file, as [Layer.Export] returns it. A layer that the session has gets the
// file's parameters and buffers if all of them fit, and stays as it is otherwise. A layer that it
// does not have is added.
func (s *Session) Import(ctx context.Context, name string, file []byte) (*Layer, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	ctx, cancel := s.client.settings.withDeadline(ctx)
	defer cancel()
	// A repetition sets the layer that the first attempt has made.
	retries := newRetries(s.client, "ImportModel", repeatable)
	defer retries.end()
	for {
		response, err := s.upload(ctx, name, file)
		if err == nil {
			s.noteLayers(decodeLayer(response.GetLayer()))
			return s.Layer(name), nil
		}
		if err := retries.pause(ctx, s.client.judge(ctx, err, false)); err != nil {
			return nil, err
		}
	}
}

func (s *Session) upload(
	ctx context.Context, name string, file []byte,
) (*edunnpb.ImportModelResponse, error) {
	upload, err := s.client.service.ImportModel(ctx, s.client.settings.call...)
	if err != nil {
		return nil, err
	}
	requests := []*edunnpb.ImportModelRequest{{SessionId: s.ID(), Layer: name}}
	for chunk := range slices.Chunk(file, chunkBytes) {
		requests = append(requests, &edunnpb.ImportModelRequest{Chunk: chunk})
	}
	for _, request := range requests {
		// Where the service has refused the rest, its answer says why.
		if upload.Send(request) != nil {
			break
		}
	}
	return upload.CloseAndRecv()
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
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	ctx, cancel := client.settings.withDeadline(ctx)
	defer cancel()
	retries := newRetries(client, method, repeatable)
	defer retries.end()
	for {
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
		if err := retries.pause(ctx, client.judge(ctx, err, false)); err != nil {
			return nil, err
		}
	}
}
