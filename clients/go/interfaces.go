package edunn

import "context"

// Differentiable is what a program calls to go through a layer and back. [Layer] is one; a test can
// put one of its own in its place.
type Differentiable interface {
	Forward(ctx context.Context, input Input, options ...ForwardOption) (Output, error)
	Backward(
		ctx context.Context, outputGradient AnyTensor, options ...BackwardOption,
	) (Gradients, error)
}

// Trainable is a Differentiable whose parameters can be read, replaced and trained. [Layer] is one.
type Trainable interface {
	Differentiable
	Parameters(ctx context.Context) (map[string]AnyTensor, error)
	SetParameters(ctx context.Context, parameters map[string]AnyTensor) error
	Step(ctx context.Context, optimizer Optimizer, options ...StepOption) (StepResult, error)
}

var _ Trainable = (*Layer)(nil)
