package edunn

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Gradients is what a backward computed.
type Gradients struct {
	// Input is the gradient with respect to the forward's input, in its shape; for a loss with
	// respect to y.
	Input AnyTensor
	// Parameters are the gradients with respect to what the layer learns, by name; empty for a layer
	// without parameters, and where the service keeps them ([Accumulate]).
	Parameters map[string]AnyTensor
}

// String shows the gradients, the long ones cut short.
func (g Gradients) String() string {
	shown := fmt.Sprintf("input %v", g.Input)
	for _, name := range slices.Sorted(maps.Keys(g.Parameters)) {
		shown += fmt.Sprintf(", %s %v", name, g.Parameters[name])
	}
	return shown
}

// BackwardOption says something about one backward. [WithCallTimeout] and [Accumulate] are two, and
// [WithForwardID]: it says which forward to go back through. With the empty string that is the latest one that the
// service knows.
type BackwardOption interface {
	applyToBackward(*backwardOptions)
}

type backwardOptions struct {
	forwardID  *string
	accumulate bool
	timeout    *time.Duration
}

type backwardOption func(*backwardOptions)

func (o backwardOption) applyToBackward(options *backwardOptions) { o(options) }

// Accumulate has the service keep the parameter gradients for the layer's next [Layer.Step], added
// to those kept already. The backward's answer leaves them out.
func Accumulate() BackwardOption {
	return backwardOption(func(options *backwardOptions) { options.accumulate = true })
}

func (o ForwardIDOption) applyToBackward(options *backwardOptions) {
	options.forwardID = (*string)(&o)
}

// backward is one backward of a layer, alone or as an operation of a stream.
type backward struct {
	layer          *Layer
	outputGradient AnyTensor
	options        backwardOptions
}

func newBackward(layer *Layer, outputGradient AnyTensor, options []BackwardOption) *backward {
	operation := &backward{layer: layer, outputGradient: outputGradient}
	for _, option := range options {
		option.applyToBackward(&operation.options)
	}
	return operation
}

// request returns the backward's message. Unless it names its forward, that is the layer's latest
// at this moment.
func (b *backward) request(outputGradient *edunnpb.Tensor) (*edunnpb.BackwardRequest, error) {
	forwardID, err := b.forwardID()
	if err != nil {
		return nil, err
	}
	request := &edunnpb.BackwardRequest{
		SessionId:      b.layer.session.ID(),
		Layer:          b.layer.Name(),
		ForwardId:      forwardID,
		OutputGradient: outputGradient,
		Accumulate:     b.options.accumulate,
	}
	if b.options.accumulate {
		// Named, it counts once, even if the request is sent again.
		request.BackwardId = b.layer.session.nextName(b.layer.Name())
	}
	return request, nil
}

func (b *backward) encodeGradient() (*edunnpb.Tensor, error) {
	if err := checkTimeout(b.options.timeout); err != nil {
		return nil, err
	}
	return encodeTensor("output_gradient", b.outputGradient)
}

func (b *backward) forwardID() (string, error) {
	if b.options.forwardID != nil {
		return *b.options.forwardID, nil
	}
	return b.layer.latestForward()
}

func decodeGradients(response *edunnpb.BackwardResponse) (Gradients, error) {
	input, err := decodeTensor(response.GetInputGradient())
	if err != nil {
		return Gradients{}, err
	}
	parameters, err := decodeTensors(response.GetParameterGradients())
	if err != nil {
		return Gradients{}, err
	}
	return Gradients{input, parameters}, nil
}
