package edunn

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Optimizer says how a step changes parameters: a type of the catalogue, and the fields of its
// configuration that are given. Package optimizers has one for each type, [NewOptimizer] makes one
// by name.
type Optimizer interface {
	// Type returns the name that [Client.OptimizerTypes] has.
	Type() string
	// Config returns the configuration.
	Config() Config
}

type namedOptimizer struct {
	name   string
	config Config
}

func (o namedOptimizer) Type() string { return o.name }

func (o namedOptimizer) Config() Config { return o.config }

func (o namedOptimizer) String() string { return o.name + o.config.String() }

// NewOptimizer describes an optimizer by the catalogue's name, such as "Adam".
func NewOptimizer(optimizerType string, config Config) Optimizer {
	return namedOptimizer{optimizerType, config}
}

// StepResult is what a step has done.
type StepResult struct {
	// StepID is the step's name.
	StepID string
	// Steps counts the steps of the layer so far, this one included.
	Steps int64
}

// String shows the step's name and number.
func (r StepResult) String() string { return fmt.Sprintf("step %d (%s)", r.Steps, r.StepID) }

// TrainStepResult is what a training step has done.
type TrainStepResult struct {
	StepResult
	// Loss is the mean of the samples' losses before the step.
	Loss float64
}

// String shows the step's name and number, and the loss.
func (r TrainStepResult) String() string { return fmt.Sprintf("%v, loss %g", r.StepResult, r.Loss) }

// StepOption says something about one step: [WithStepID] and [WithCallTimeout] are options.
type StepOption interface {
	applyToStep(*stepOptions)
}

type stepOptions struct {
	stepID  *string
	timeout *time.Duration
}

type stepIDOption string

func (o stepIDOption) applyToStep(options *stepOptions) { options.stepID = (*string)(&o) }

func (o TimeoutOption) applyToStep(options *stepOptions) { options.timeout = (*time.Duration)(&o) }

// WithStepID names a step: 1 to 128 printable ASCII characters, not beginning with "#". The same
// step made again gives the same answer and changes nothing.
//
// Without it the client names each step. The empty string leaves the name to the service; such a
// step is not tried again when the connection breaks.
func WithStepID(id string) StepOption { return stepIDOption(id) }

// Step changes the layer's parameters by one step of an optimizer on the gradients that backwards
// with [Accumulate] have kept, and clears these. A nil optimizer is that of the last step; another
// one than that begins anew.
//
// It fails with [ErrNoGradients] where none are kept, with [ErrNoOptimizer] where none is given
// before the first step, and with [ErrNotFinite] where a gradient has a NaN or an infinity; then
// nothing is changed.
func (l *Layer) Step(
	ctx context.Context, optimizer Optimizer, options ...StepOption,
) (StepResult, error) {
	operation := newTraining(l, optimizer, options)
	ctx, cancel := within(ctx, operation.options.timeout)
	defer cancel()
	request, repetition, err := operation.stepRequest()
	if err != nil {
		return StepResult{}, err
	}
	response, err := call(ctx, l.session.client, l.session.client.step, request, repetition)
	return decodeStep(response), err
}

// TrainStep runs forward, loss, backward and step in one call, in the phase [Training]. The loss is
// a layer of the same session; the target is what it compares the output with. The optimizer and
// the errors are those of [Layer.Step].
func (l *Layer) TrainStep(
	ctx context.Context, input Input, target AnyTensor, loss *Layer, optimizer Optimizer,
	options ...StepOption,
) (TrainStepResult, error) {
	operation := newTraining(l, optimizer, options)
	operation.input, operation.target, operation.loss = input, target, loss
	ctx, cancel := within(ctx, operation.options.timeout)
	defer cancel()
	inputs, truth, err := operation.encodeTensors()
	if err != nil {
		return TrainStepResult{}, err
	}
	l.session.client.detach(append(inputs, truth)...)
	request, repetition, err := operation.trainStepRequest(inputs, truth)
	if err != nil {
		return TrainStepResult{}, err
	}
	response, err := call(ctx, l.session.client, l.session.client.trainStep, request, repetition)
	return decodeTrainStep(response), err
}

// ClearGradients forgets the gradients that the service keeps for the layer's next step.
func (l *Layer) ClearGradients(ctx context.Context) error {
	request := &edunnpb.ClearGradientsRequest{SessionId: l.session.ID(), Layer: l.Name()}
	_, err := call(ctx, l.session.client, l.session.client.service.ClearGradients, request,
		repeatable)
	return err
}

// training is one step of a layer: on kept gradients, or on those of an input.
type training struct {
	layer     *Layer
	input     Input
	target    AnyTensor
	loss      *Layer
	optimizer Optimizer
	options   stepOptions
}

func newTraining(layer *Layer, optimizer Optimizer, options []StepOption) *training {
	operation := &training{layer: layer, optimizer: optimizer}
	for _, option := range options {
		option.applyToStep(&operation.options)
	}
	return operation
}

// stepRequest returns the message of a step, and whether sending it again changes nothing. It names
// the step, so it is called once.
func (t *training) stepRequest() (*edunnpb.StepRequest, repetition, error) {
	optimizer, err := t.encodeOptimizer()
	if err != nil {
		return nil, onlyOnce, err
	}
	request := &edunnpb.StepRequest{
		SessionId: t.layer.session.ID(), Layer: t.layer.Name(), Optimizer: optimizer,
		StepId: t.name(),
	}
	return request, repetition(request.StepId != ""), nil
}

// trainStepRequest does so for forward, loss, backward and step in one.
func (t *training) trainStepRequest(
	inputs []*edunnpb.Tensor, target *edunnpb.Tensor,
) (*edunnpb.TrainStepRequest, repetition, error) {
	optimizer, err := t.encodeOptimizer()
	if err != nil {
		return nil, onlyOnce, err
	}
	request := &edunnpb.TrainStepRequest{
		SessionId: t.layer.session.ID(), Layer: t.layer.Name(), Inputs: inputs, Target: target,
		Loss: t.loss.Name(), Optimizer: optimizer, StepId: t.name(),
	}
	return request, repetition(request.StepId != ""), nil
}

func (t *training) encodeTensors() (
	inputs []*edunnpb.Tensor, target *edunnpb.Tensor, err error,
) {
	if inputs, err = encodeInputs(t.input); err != nil {
		return nil, nil, err
	}
	if target, err = encodeTensor("target", t.target); err != nil {
		return nil, nil, err
	}
	if t.loss == nil {
		return nil, nil, invalid("loss", "is nil")
	}
	return inputs, target, nil
}

// encodeOptimizer returns nil for the layer's last one.
func (t *training) encodeOptimizer() (*edunnpb.OptimizerSpec, error) {
	if err := checkTimeout(t.options.timeout); err != nil {
		return nil, err
	}
	if t.optimizer == nil {
		return nil, nil
	}
	config, err := t.optimizer.Config().encode("optimizer.config")
	if err != nil {
		return nil, err
	}
	return &edunnpb.OptimizerSpec{Type: t.optimizer.Type(), Config: config}, nil
}

func (t *training) name() string {
	if t.options.stepID != nil {
		return *t.options.stepID
	}
	return t.layer.session.nextName(t.layer.Name())
}

// step makes a Step, through the shared stream where there is one.
func (c *Client) step(
	ctx context.Context, request *edunnpb.StepRequest, options ...grpc.CallOption,
) (*edunnpb.StepResponse, error) {
	return shareCall(ctx, c, request, options, c.service.Step,
		&edunnpb.ComputeOperation{Operation: &edunnpb.ComputeOperation_Step{Step: request}},
		(*edunnpb.ComputeResult).GetStep)
}

// trainStep makes a TrainStep, through the shared stream where there is one.
func (c *Client) trainStep(
	ctx context.Context, request *edunnpb.TrainStepRequest, options ...grpc.CallOption,
) (*edunnpb.TrainStepResponse, error) {
	return shareCall(ctx, c, request, options, c.service.TrainStep,
		&edunnpb.ComputeOperation{Operation: &edunnpb.ComputeOperation_TrainStep{TrainStep: request}},
		(*edunnpb.ComputeResult).GetTrainStep)
}

func decodeStep(response *edunnpb.StepResponse) StepResult {
	return StepResult{response.GetStepId(), response.GetSteps()}
}

func decodeTrainStep(response *edunnpb.TrainStepResponse) TrainStepResult {
	return TrainStepResult{
		StepResult{response.GetStepId(), response.GetSteps()}, response.GetLoss(),
	}
}
