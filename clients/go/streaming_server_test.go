package edunn_test

import (
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// echo answers a forward with its input, a backward with its gradient under its forward's name.
func echo(stream edunnpb.LayerService_ComputeServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return ignoreEnd(err)
		}
		response := &edunnpb.ComputeResponse{}
		for _, operation := range request.GetOperations() {
			response.Results = append(response.Results, echoed(operation))
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func echoed(operation *edunnpb.ComputeOperation) *edunnpb.ComputeResult {
	result := &edunnpb.ComputeResult{RequestId: operation.GetRequestId()}
	forward, backward := operation.GetForward(), operation.GetBackward()
	switch {
	case backward != nil:
		result.Result = &edunnpb.ComputeResult_Backward{Backward: &edunnpb.BackwardResponse{
			InputGradient: backward.GetOutputGradient(),
			ParameterGradients: map[string]*edunnpb.Tensor{
				backward.GetForwardId(): backward.GetOutputGradient(),
			},
		}}
	case forward.GetLayer() == "unknown":
		refused := status.Convert(refusal(codes.NotFound, "LAYER_NOT_FOUND", 0)).Proto()
		result.Result = &edunnpb.ComputeResult_Error{Error: &edunnpb.OperationError{
			Code: refused.GetCode(), Message: refused.GetMessage(), Details: refused.GetDetails(),
		}}
	default:
		result.Result = &edunnpb.ComputeResult_Forward{Forward: &edunnpb.ForwardResponse{
			ForwardId: forward.GetForwardId(), Output: forward.GetInputs()[0],
		}}
	}
	return result
}

// absorb takes operations and answers none, until the stream ends.
func absorb(stream edunnpb.LayerService_ComputeServer) error {
	<-stream.Context().Done()
	return stream.Context().Err()
}

func number(value float64) edunn.Tensor[float64] { return edunn.NewTensor([]float64{value}, 1) }

// streaming returns a client and a layer of a server that computes so.
func streaming(
	t *testing.T, compute func(edunnpb.LayerService_ComputeServer) error, options ...edunn.Option,
) (*edunn.Client, *edunn.Layer) {
	t.Helper()
	server := newScriptedServer(t)
	server.computeBy(compute)
	client := connect(t, server.address, options...)
	return client, scriptedLayer(t, server, client)
}
