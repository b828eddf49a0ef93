package edunn

import (
	"cmp"
	"context"
	"fmt"
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
	// unnamed is the latest forward while it waits for the service to name it; nil otherwise.
	unnamed *forward
}

// Name returns how the session's calls address the layer.
func (l *Layer) Name() string { return l.name }

// Session returns the session that has the layer.
func (l *Layer) Session() *Session { return l.session }

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
	if ctx.Err() != nil {
		return Output{}, contextError(ctx)
	}
	operation := newForward(l, input, options)
	ctx, cancel := within(ctx, operation.options.timeout)
	defer cancel()
	tensors, err := operation.encodeInputs()
	if err != nil {
		return Output{}, err
	}
	l.session.client.detach(tensors...)
	request, repetition := operation.request(tensors)
	response, err := call(ctx, l.session.client, l.session.client.forward, request, repetition)
	if err != nil {
		return Output{}, err
	}
	if !operation.options.untracked {
		l.setForwardID(response.GetForwardId())
	}
	return decodeOutput(response)
}

// Backward computes the gradients of the latest forward of this value, or of the forward that
// [WithForwardID] names. Before the first forward of this value it is [ErrNoForward], whoever else
// has used the layer. The output gradient has the shape of the forward's output.
func (l *Layer) Backward(
	ctx context.Context, outputGradient AnyTensor, options ...BackwardOption,
) (Gradients, error) {
	if ctx.Err() != nil {
		return Gradients{}, contextError(ctx)
	}
	operation := newBackward(l, outputGradient, options)
	ctx, cancel := within(ctx, operation.options.timeout)
	defer cancel()
	gradient, err := operation.encodeGradient()
	if err != nil {
		return Gradients{}, err
	}
	l.session.client.detach(gradient)
	request, err := operation.request(gradient)
	if err != nil {
		return Gradients{}, err
	}
	response, err := call(ctx, l.session.client, l.session.client.backward, request, repeatable)
	if err != nil {
		return Gradients{}, err
	}
	return decodeGradients(response)
}

// Parameters returns what the layer learns, and what it keeps besides (the buffers, such as
// BatchNorm's running means), by name; inside a Sequential "layer(w)".
func (l *Layer) Parameters(ctx context.Context) (map[string]AnyTensor, error) {
	request := &edunnpb.GetParametersRequest{SessionId: l.session.ID(), Layer: l.Name()}
	response, err := call(ctx, l.session.client, l.session.client.service.GetParameters, request,
		repeatable)
	if err != nil {
		return nil, err
	}
	return decodeTensors(response.GetParameters())
}

// SetParameters replaces parameters or buffers; those left out stay. A later backward of an earlier
// forward then fails with [ErrForwardStale].
func (l *Layer) SetParameters(ctx context.Context, parameters map[string]AnyTensor) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	tensors, err := encodeTensors("parameters", parameters)
	if err != nil {
		return err
	}
	request := &edunnpb.SetParametersRequest{
		SessionId: l.session.ID(), Layer: l.Name(), Parameters: tensors,
	}
	_, err = call(ctx, l.session.client, l.session.client.service.SetParameters, request, repeatable)
	return err
}

// String names the layer and its session.
func (l *Layer) String() string {
	return fmt.Sprintf("edunn.Layer %s of session %s", l.name, l.session.ID())
}

func (l *Layer) ownPhase() Phase {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phase
}

// setForwardID notes the latest forward.
func (l *Layer) setForwardID(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forwardID, l.unnamed = id, nil
}

// awaitForwardID notes the latest forward, which the service will name.
func (l *Layer) awaitForwardID(operation *forward) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forwardID, l.unnamed = "", operation
}

// nameForward notes what the service has called a forward, if that is still the latest.
func (l *Layer) nameForward(operation *forward, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unnamed == operation {
		l.forwardID, l.unnamed = id, nil
	}
}

// latestForward returns the forward that a backward goes back through unless it names one.
func (l *Layer) latestForward() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.unnamed != nil:
		return "", noForward("the latest forward of layer %s has no name before its answer: wait for "+
			"that, or choose one by WithForwardID", l.name)
	case l.forwardID == "":
		return "", noForward("layer %s has had no forward through this value: make one, or name "+
			"somebody else's by WithForwardID", l.name)
	}
	return l.forwardID, nil
}
