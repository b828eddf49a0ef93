package edunn

import (
	"context"
	"iter"
	"slices"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

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
	// A repetition sets the layer that the first attempt has made.
	response, err := upload(ctx, s.client, "ImportModel", s.client.service.ImportModel,
		s.importParts(name, file))
	if err != nil {
		return nil, err
	}
	s.noteLayers(decodeLayer(response.GetLayer()))
	return s.Layer(name), nil
}

func (s *Session) importParts(name string, file []byte) iter.Seq[*edunnpb.ImportModelRequest] {
	return func(yield func(*edunnpb.ImportModelRequest) bool) {
		if !yield(&edunnpb.ImportModelRequest{SessionId: s.ID(), Layer: name}) {
			return
		}
		for chunk := range slices.Chunk(file, chunkBytes) {
			if !yield(&edunnpb.ImportModelRequest{Chunk: chunk}) {
				return
			}
		}
	}
}
