package edunn

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Output is what a forward computed. It is a tensor itself and can be the input of another forward.
type Output struct {
	AnyTensor
	// ForwardID names the forward, for [WithForwardID]. It is empty for an untracked forward in the
	// test phase, which leaves nothing to go back through.
	ForwardID string
	// Phase is the one in which the output was computed.
	Phase Phase
}

// String shows the tensor and the forward's name.
func (o Output) String() string {
	if o.ForwardID == "" {
		return fmt.Sprint(o.AnyTensor)
	}
	return fmt.Sprintf("%v of forward %s", o.AnyTensor, o.ForwardID)
}

func (o Output) tensor() AnyTensor { return o.AnyTensor }

func (o Output) tensors() []AnyTensor { return []AnyTensor{o.AnyTensor} }

// ForwardOption says something about one forward.
type ForwardOption interface {
	applyToForward(*forwardOptions)
}

type forwardOptions struct {
	phase     Phase
	forwardID *string
	untracked bool
	timeout   *time.Duration
}

// ForwardIDOption says which forward is meant: what to call one, or which one to go back through.
type ForwardIDOption string

// WithForwardID names a forward: 1 to 128 printable ASCII characters, not beginning with "#". The
// same forward made again gives the same answer and no second mask. A backward with that name goes
// back through it.
//
// Without it the client names each forward. The empty string leaves the name to the service, whose
// masks are others; such a forward is not tried again when the connection breaks.
func WithForwardID(id string) ForwardIDOption { return ForwardIDOption(id) }

func (o ForwardIDOption) applyToForward(options *forwardOptions) {
	options.forwardID = (*string)(&o)
}

type forwardOption func(*forwardOptions)

func (o forwardOption) applyToForward(options *forwardOptions) { o(options) }

// Untracked says that no backward of this forward will follow: the service keeps nothing.
func Untracked() ForwardOption {
	return forwardOption(func(options *forwardOptions) { options.untracked = true })
}

// TimeoutOption says how long one forward, backward or step may take.
type TimeoutOption time.Duration

// WithCallTimeout bounds one forward, backward or step: a call with all its attempts, an operation of a
// [Stream] from when the service has received it. Then it fails with DEADLINE_EXCEEDED. [NoTimeout] lets
// it take as long as it likes.
func WithCallTimeout(timeout time.Duration) TimeoutOption { return TimeoutOption(timeout) }

func (o TimeoutOption) applyToForward(options *forwardOptions) {
	options.timeout = (*time.Duration)(&o)
}

func (o TimeoutOption) applyToBackward(options *backwardOptions) {
	options.timeout = (*time.Duration)(&o)
}

// within returns a context that ends after a timeout, if there is one.
func within(ctx context.Context, timeout *time.Duration) (context.Context, context.CancelFunc) {
	if timeout == nil {
		return ctx, func() {}
	}
	// So far away that it is none, and not the client's own timeout either.
	return context.WithTimeout(ctx, min(*timeout, farAway))
}

const farAway = 100 * 365 * 24 * time.Hour

// wireTimeout returns a timeout as an operation of a stream has it; nil for none.
func wireTimeout(timeout *time.Duration) *durationpb.Duration {
	if timeout == nil || *timeout == NoTimeout {
		return nil
	}
	return durationpb.New(*timeout)
}

func checkTimeout(timeout *time.Duration) error {
	if timeout != nil && *timeout <= 0 {
		return invalid("timeout", "%v is not positive: write NoTimeout for none", *timeout)
	}
	return nil
}

// forward is one forward of a layer, alone or as an operation of a stream.
type forward struct {
	layer   *Layer
	input   Input
	options forwardOptions
}

func newForward(layer *Layer, input Input, options []ForwardOption) *forward {
	operation := &forward{layer: layer, input: input}
	for _, option := range options {
		option.applyToForward(&operation.options)
	}
	return operation
}

func (f *forward) encodeInputs() ([]*edunnpb.Tensor, error) {
	if err := checkTimeout(f.options.timeout); err != nil {
		return nil, err
	}
	return encodeInputs(f.input)
}

func encodeInputs(input Input) ([]*edunnpb.Tensor, error) {
	if input == nil {
		return nil, invalid("inputs", "is nil")
	}
	inputs := input.tensors()
	tensors := make([]*edunnpb.Tensor, len(inputs))
	for at, input := range inputs {
		var err error
		tensors[at], err = encodeTensor(fmt.Sprintf("inputs[%d]", at), input)
		if err != nil {
			return nil, err
		}
	}
	return tensors, nil
}

// request returns the forward's message, and whether sending it again changes nothing. It names the
// forward, so it is called once.
func (f *forward) request(inputs []*edunnpb.Tensor) (*edunnpb.ForwardRequest, repetition) {
	phase := cmp.Or(f.options.phase, f.layer.ownPhase())
	// Nothing is kept of such a forward, and nothing in it is random: it needs no name.
	pure := f.options.untracked && cmp.Or(phase, f.layer.session.Phase()) == Test
	request := &edunnpb.ForwardRequest{
		SessionId: f.layer.session.ID(),
		Layer:     f.layer.Name(),
		Inputs:    inputs,
		Phase:     edunnpb.Phase(phase),
		Untracked: f.options.untracked,
	}
	switch {
	case f.options.forwardID != nil:
		request.ForwardId = *f.options.forwardID
	case !pure:
		request.ForwardId = f.layer.session.nextName(f.layer.Name())
	}
	// The service knows a tracked forward by its name. An untracked one is forgotten: in training
	// its repetition would count twice in a BatchNorm's running statistics.
	named := request.ForwardId != "" && !f.options.untracked
	return request, repetition(named || pure)
}

func decodeOutput(response *edunnpb.ForwardResponse) (Output, error) {
	tensor, err := decodeTensor(response.GetOutput())
	if err != nil {
		return Output{}, err
	}
	return Output{tensor, response.GetForwardId(), Phase(response.GetPhase())}, nil
}
