package edunn

import (
	"bytes"
	"fmt"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Operation is one of a [Stream], made by [Forward], [Backward], [Step] or [TrainStep].
type Operation interface {
	// Layer returns the layer that computes it.
	Layer() *Layer

	// prepare encodes the operation's tensors.
	prepare() (takePlace, error)
	// answered tells the operation what came of it.
	answered(Result)
}

// prepare encodes the tensors of an operation, which its caller may have left out.
func prepare(operation Operation) (takePlace, error) {
	switch {
	case operation == nil:
		return nil, invalid("operation", "is nil")
	case operation.Layer() == nil:
		return nil, invalid("layer", "is nil")
	default:
		return operation.prepare()
	}
}

// takePlace returns the message of an operation that now takes its place in a stream: a forward is
// named, a backward finds out which forward it belongs to.
type takePlace func() (*edunnpb.ComputeOperation, error)

// Result is how an operation of a stream ended, if well.
type Result struct {
	Operation Operation
	// Output is what a forward computed; nil for another operation.
	Output *Output
	// Gradients are what a backward computed; nil for another operation.
	Gradients *Gradients
	// Step is what a step has done; nil for another operation.
	Step *StepResult
	// TrainStep is what a training step has done; nil for another operation.
	TrainStep *TrainStepResult
}

// String says what came of the operation.
func (r Result) String() string {
	switch {
	case r.Output != nil:
		return r.Output.String()
	case r.Gradients != nil:
		return r.Gradients.String()
	case r.Step != nil:
		return r.Step.String()
	case r.TrainStep != nil:
		return r.TrainStep.String()
	default:
		return "no result"
	}
}

// Forward returns for a stream what [Layer.Forward] computes at once. The forward is the layer's
// latest from the moment at which it is sent.
func Forward(layer *Layer, input Input, options ...ForwardOption) Operation {
	return newForward(layer, input, options)
}

// Backward returns for a stream what [Layer.Backward] computes at once. Unless it names its
// forward, that is the layer's latest at the moment at which it is sent.
func Backward(layer *Layer, outputGradient AnyTensor, options ...BackwardOption) Operation {
	return newBackward(layer, outputGradient, options)
}

func (f *forward) Layer() *Layer { return f.layer }

func (f *forward) prepare() (takePlace, error) {
	inputs, err := f.encodeInputs()
	if err != nil {
		return nil, err
	}
	for _, input := range inputs {
		detach(input)
	}
	return func() (*edunnpb.ComputeOperation, error) {
		request, _ := f.request(inputs)
		switch {
		case f.options.untracked:
		case request.GetForwardId() == "":
			f.layer.awaitForwardID(f)
		default:
			f.layer.setForwardID(request.GetForwardId())
		}
		return &edunnpb.ComputeOperation{
			Operation: &edunnpb.ComputeOperation_Forward{Forward: request},
			Timeout:   wireTimeout(f.options.timeout),
		}, nil
	}, nil
}

func (f *forward) answered(result Result) {
	if result.Output != nil {
		f.layer.nameForward(f, result.Output.ForwardID)
	}
}

// String names the operation's layer and its input.
func (f *forward) String() string {
	return fmt.Sprintf("forward of %v through %v", f.input, f.layer)
}

func (b *backward) Layer() *Layer { return b.layer }

func (b *backward) prepare() (takePlace, error) {
	outputGradient, err := b.encodeGradient()
	if err != nil {
		return nil, err
	}
	detach(outputGradient)
	return func() (*edunnpb.ComputeOperation, error) {
		request, err := b.request(outputGradient)
		if err != nil {
			return nil, err
		}
		return &edunnpb.ComputeOperation{
			Operation: &edunnpb.ComputeOperation_Backward{Backward: request},
			Timeout:   wireTimeout(b.options.timeout),
		}, nil
	}, nil
}

func (b *backward) answered(Result) {}

// String names the operation's layer and its gradient.
func (b *backward) String() string {
	return fmt.Sprintf("backward of %v through %v", b.outputGradient, b.layer)
}

// Step returns for a stream what [Layer.Step] does at once.
func Step(layer *Layer, optimizer Optimizer, options ...StepOption) Operation {
	return &step{newTraining(layer, optimizer, options)}
}

// TrainStep returns for a stream what [Layer.TrainStep] does at once.
func TrainStep(
	layer *Layer, input Input, target AnyTensor, loss *Layer, optimizer Optimizer,
	options ...StepOption,
) Operation {
	operation := newTraining(layer, optimizer, options)
	operation.input, operation.target, operation.loss = input, target, loss
	return &trainStep{operation}
}

type step struct{ *training }

type trainStep struct{ *training }

func (t *training) Layer() *Layer { return t.layer }

func (t *training) answered(Result) {}

func (s *step) prepare() (takePlace, error) {
	return func() (*edunnpb.ComputeOperation, error) {
		request, _, err := s.stepRequest()
		return &edunnpb.ComputeOperation{
			Operation: &edunnpb.ComputeOperation_Step{Step: request},
			Timeout:   wireTimeout(s.options.timeout),
		}, err
	}, nil
}

func (t *trainStep) prepare() (takePlace, error) {
	inputs, target, err := t.encodeTensors()
	if err != nil {
		return nil, err
	}
	for _, tensor := range append(inputs, target) {
		detach(tensor)
	}
	return func() (*edunnpb.ComputeOperation, error) {
		request, _, err := t.trainStepRequest(inputs, target)
		return &edunnpb.ComputeOperation{
			Operation: &edunnpb.ComputeOperation_TrainStep{TrainStep: request},
			Timeout:   wireTimeout(t.options.timeout),
		}, err
	}, nil
}

// String names the operation's layer.
func (s *step) String() string { return fmt.Sprintf("step of %v", s.layer) }

// String names the operation's layer and its input.
func (t *trainStep) String() string {
	return fmt.Sprintf("training step of %v with %v", t.layer, t.input)
}

// detach gives a message memory of its own: a stream sends it later, when its sender may be writing
// into the tensor again.
func detach(message *edunnpb.Tensor) { message.Data = bytes.Clone(message.GetData()) }
