package edunn

import (
	"cmp"
	"context"
	"sync"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Layer is a layer of a session, returned by [Session.AddLayer] and [Session.Layer].
//
// The latest forward and the default phase belong to this value. Goroutines that share one should
// say which forward a backward belongs to ([WithForwardID]).
type Layer struct {
	session *Session
	name    string

	mu        sync.Mutex
	phase     Phase
	forwardID string
}

// Name returns how the session's calls address the layer.
func (l *Layer) Name() string { return l.name }

// Info returns the layer's type, configuration, and parameters without their values, as
// [Session.Info] has them; zero if that has no such layer.
func (l *Layer) Info() LayerInfo {
	for _, info := range l.session.Info().Layers {
		if info.Name == l.name {
			return info
		}
	}
	return LayerInfo{}
}

// Phase returns the phase of the forwards that name none.
func (l *Layer) Phase() Phase {
	return cmp.Or(l.ownPhase(), l.session.Phase())
}

// SetPhase chooses the phase of this value's later forwards that name none. Another client of the
// session does not see it. The zero Phase leaves it to the session again.
func (l *Layer) SetPhase(phase Phase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = phase
}

// ForwardID returns the latest tracked forward, which a backward goes back through unless it names
// another; it is empty before the first.
func (l *Layer) ForwardID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forwardID
}

// Forward computes the layer's output.
//
// The input is a tensor whose first axis is the batch, or the [Inputs] y_true and y of a loss. The
// output has the input's data type; a loss gives one error a sample, in the shape (n, 1).
func (l *Layer) Forward(
	ctx context.Context, input Input, options ...ForwardOption,
) (Output, error) {
	operation := newForward(l, input, options)
	tensors, err := operation.encodeInputs()
	if err != nil {
		return Output{}, err
	}
	request, repeatable := operation.request(tensors)
	response, err := call(ctx, l.session.client, repeatable,
		func(ctx context.Context) (*edunnpb.ForwardResponse, error) {
			return l.session.client.service.Forward(ctx, request)
		})
	if err != nil {
		return Output{}, err
	}
	if !operation.options.untracked {
		l.setForwardID(response.GetForwardId())
	}
	return decodeOutput(response)
}

// Backward computes the gradients of the latest forward, or of the one that [WithForwardID] names.
// The output gradient has the shape of the forward's output.
func (l *Layer) Backward(
	ctx context.Context, outputGradient AnyTensor, options ...BackwardOption,
) (Gradients, error) {
	operation := newBackward(l, outputGradient, options)
	gradient, err := encodeTensor("output_gradient", outputGradient)
	if err != nil {
		return Gradients{}, err
	}
	request := operation.request(gradient)
	response, err := call(ctx, l.session.client, true,
		func(ctx context.Context) (*edunnpb.BackwardResponse, error) {
			return l.session.client.service.Backward(ctx, request)
		})
	if err != nil {
		return Gradients{}, err
	}
	return decodeGradients(response)
}

// Parameters returns what the layer learns, and what it keeps besides (the buffers, such as
// BatchNorm's running means), by name; inside a Sequential "layer(w)".
func (l *Layer) Parameters(ctx context.Context) (map[string]AnyTensor, error) {
	request := &edunnpb.GetParametersRequest{SessionId: l.session.ID(), Layer: l.Name()}
	response, err := call(ctx, l.session.client, true,
		func(ctx context.Context) (*edunnpb.GetParametersResponse, error) {
			return l.session.client.service.GetParameters(ctx, request)
		})
	if err != nil {
		return nil, err
	}
	return decodeTensors(response.GetParameters())
}

// SetParameters replaces parameters or buffers; those left out stay. A later backward of an earlier
// forward then fails with [ErrForwardStale].
func (l *Layer) SetParameters(ctx context.Context, parameters map[string]AnyTensor) error {
	tensors, err := encodeTensors("parameters", parameters)
	if err != nil {
		return err
	}
	request := &edunnpb.SetParametersRequest{
		SessionId: l.session.ID(), Layer: l.Name(), Parameters: tensors,
	}
	_, err = call(ctx, l.session.client, true,
		func(ctx context.Context) (*edunnpb.SetParametersResponse, error) {
			return l.session.client.service.SetParameters(ctx, request)
		})
	return err
}

func (l *Layer) ownPhase() Phase {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phase
}

func (l *Layer) setForwardID(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forwardID = id
}
