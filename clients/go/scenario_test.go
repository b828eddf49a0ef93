package edunn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// scenario is one of ../conformance/*.json; its README says what the fields mean.
type scenario struct {
	Name    string          `json:"name"`
	Session scenarioSession `json:"session"`
	Steps   []step          `json:"steps"`
}

type scenarioSession struct {
	Seed       *string  `json:"seed"`
	Phase      string   `json:"phase"`
	TTLSeconds *float64 `json:"ttl_seconds"`
	SessionID  string   `json:"session_id"`
}

type step struct {
	Call           string                `json:"call"`
	Kind           string                `json:"kind"`
	Layer          string                `json:"layer"`
	Type           string                `json:"type"`
	Config         edunn.Config          `json:"config"`
	Parameters     map[string]jsonTensor `json:"parameters"`
	Inputs         []jsonTensor          `json:"inputs"`
	OutputGradient *jsonTensor           `json:"output_gradient"`
	Phase          string                `json:"phase"`
	ForwardID      *string               `json:"forward_id"`
	Untracked      bool                  `json:"untracked"`
	SessionID      string                `json:"session_id"`
	Accumulate     bool                  `json:"accumulate"`
	Target         *jsonTensor           `json:"target"`
	Loss           string                `json:"loss"`
	Optimizer      *scenarioOptimizer    `json:"optimizer"`
	StepID         *string               `json:"step_id"`
	Dataset        string                `json:"dataset"`
	Epochs         int                   `json:"epochs"`
	Seed           *string               `json:"seed"`
	Validation     float64               `json:"validation_share"`
	Cancel         bool                  `json:"cancel"`
	Resume         bool                  `json:"resume"`
	Operations     []step                `json:"operations"`
	Expect         expectation           `json:"expect"`
	ExpectError    *expectedError        `json:"expect_error"`
}

type scenarioOptimizer struct {
	Type   string       `json:"type"`
	Config edunn.Config `json:"config"`
}

type expectation struct {
	Output             *jsonTensor           `json:"output"`
	ForwardID          *string               `json:"forward_id"`
	Phase              *string               `json:"phase"`
	InputGradient      *jsonTensor           `json:"input_gradient"`
	ParameterGradients map[string]jsonTensor `json:"parameter_gradients"`
	Parameters         map[string]jsonTensor `json:"parameters"`
	Layers             []string              `json:"layers"`
	Seed               *string               `json:"seed"`
	Types              []string              `json:"types"`
	StepID             *string               `json:"step_id"`
	Steps              *int64                `json:"steps"`
	Loss               *float64              `json:"loss"`
	Epochs             []int                 `json:"epochs"`
	State              *string               `json:"state"`
}

type expectedError struct {
	Code   string   `json:"code"`
	Reason string   `json:"reason"`
	Fields []string `json:"fields"`
	Retry  *bool    `json:"retry"`
}

// parseScenarios refuses what it does not know, so that nothing goes unchecked.
func parseScenarios(text []byte) ([]scenario, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var scenarios []scenario
	return scenarios, decoder.Decode(&scenarios)
}

func parsePhase(name string) (edunn.Phase, error) {
	switch name {
	case "":
		return 0, nil
	case "training":
		return edunn.Training, nil
	case "test":
		return edunn.Test, nil
	default:
		return 0, fmt.Errorf("unknown phase %q", name)
	}
}

func (s scenarioSession) options() ([]edunn.SessionOption, error) {
	var options []edunn.SessionOption
	if s.Seed != nil {
		seed, err := strconv.ParseUint(*s.Seed, 10, 64)
		if err != nil {
			return nil, err
		}
		options = append(options, edunn.WithSeed(seed))
	}
	phase, err := parsePhase(s.Phase)
	if err != nil {
		return nil, err
	}
	if phase != 0 {
		options = append(options, edunn.WithPhase(phase))
	}
	if s.TTLSeconds != nil {
		ttl := time.Duration(*s.TTLSeconds * float64(time.Second))
		options = append(options, edunn.WithTTL(ttl))
	}
	if s.SessionID != "" {
		options = append(options, edunn.WithSessionID(s.SessionID))
	}
	return options, nil
}

func (s step) forward() (edunn.Inputs, []edunn.ForwardOption, error) {
	var options []edunn.ForwardOption
	phase, err := parsePhase(s.Phase)
	if err != nil {
		return nil, nil, err
	}
	if phase != 0 {
		options = append(options, edunn.WithPhase(phase))
	}
	if s.ForwardID != nil {
		options = append(options, edunn.WithForwardID(*s.ForwardID))
	}
	if s.Untracked {
		options = append(options, edunn.Untracked())
	}
	var inputs edunn.Inputs
	for _, input := range s.Inputs {
		tensor, err := input.tensor()
		if err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, tensor)
	}
	return inputs, options, nil
}

func (s step) backward() (edunn.AnyTensor, []edunn.BackwardOption, error) {
	var options []edunn.BackwardOption
	if s.ForwardID != nil {
		options = append(options, edunn.WithForwardID(*s.ForwardID))
	}
	if s.OutputGradient == nil {
		return nil, nil, errors.New("a backward without output_gradient")
	}
	if s.Accumulate {
		options = append(options, edunn.Accumulate())
	}
	gradient, err := s.OutputGradient.tensor()
	return gradient, options, err
}

func (s step) optimizer() (edunn.Optimizer, []edunn.StepOption) {
	var options []edunn.StepOption
	if s.StepID != nil {
		options = append(options, edunn.WithStepID(*s.StepID))
	}
	if s.Optimizer == nil {
		return nil, options
	}
	return edunn.NewOptimizer(s.Optimizer.Type, s.Optimizer.Config), options
}

func (s step) tensors() (edunn.Inputs, edunn.AnyTensor, error) {
	inputs, _, err := s.forward()
	if err != nil {
		return nil, nil, err
	}
	if s.Target == nil {
		return nil, nil, errors.New("a training step without target")
	}
	target, err := s.Target.tensor()
	return inputs, target, err
}

// answer is what a step gave, as far as its call gives it.
type answer struct {
	output     *edunn.Output
	gradients  *edunn.Gradients
	parameters map[string]edunn.AnyTensor
	session    *edunn.SessionInfo
	types      []string
	step       *edunn.StepResult
	loss       *float64
	training   *watched
}

// watched is what was told of a training.
type watched struct {
	epochs []int
	state  string
}

// check compares an answer with what is expected. Expecting what the call does not give fails.
func (e expectation) check(got answer) error {
	if got.output == nil && (e.Output != nil || e.ForwardID != nil) ||
		got.gradients == nil && (e.InputGradient != nil || e.ParameterGradients != nil) ||
		got.parameters == nil && e.Parameters != nil ||
		got.session == nil && (e.Layers != nil || e.Seed != nil) ||
		got.output == nil && got.session == nil && e.Phase != nil ||
		got.types == nil && e.Types != nil ||
		got.training == nil && (e.Epochs != nil || e.State != nil) ||
		got.step == nil && (e.Steps != nil || e.StepID != nil) || got.loss == nil && e.Loss != nil {
		return errors.New("the answer has not what is expected")
	}
	var failures []error
	fail := func(what string, err error) {
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", what, err))
		}
	}
	if e.Output != nil {
		fail("output", e.Output.check(got.output))
	}
	if e.ForwardID != nil {
		fail("forward_id", same(got.output.ForwardID, *e.ForwardID))
	}
	if e.Phase != nil && got.output != nil {
		fail("phase", same(got.output.Phase.String(), *e.Phase))
	}
	if e.Phase != nil && got.session != nil {
		fail("phase", same(got.session.Phase.String(), *e.Phase))
	}
	if e.InputGradient != nil {
		fail("input_gradient", e.InputGradient.check(got.gradients.Input))
	}
	if e.ParameterGradients != nil {
		fail("parameter_gradients", checkAll(got.gradients.Parameters, e.ParameterGradients))
	}
	if e.Parameters != nil {
		fail("parameters", checkAll(got.parameters, e.Parameters))
	}
	if e.Layers != nil {
		var names []string
		for _, layer := range got.session.Layers {
			names = append(names, layer.Name)
		}
		fail("layers", same(fmt.Sprint(names), fmt.Sprint(e.Layers)))
	}
	if e.Seed != nil {
		fail("seed", same(strconv.FormatUint(got.session.Seed, 10), *e.Seed))
	}
	if e.StepID != nil {
		fail("step_id", same(got.step.StepID, *e.StepID))
	}
	if e.Steps != nil {
		fail("steps", same(fmt.Sprint(got.step.Steps), fmt.Sprint(*e.Steps)))
	}
	if e.Loss != nil {
		fail("loss", same(fmt.Sprint(*got.loss), fmt.Sprint(*e.Loss)))
	}
	if e.Epochs != nil {
		fail("epochs", same(fmt.Sprint(got.training.epochs), fmt.Sprint(e.Epochs)))
	}
	if e.State != nil {
		fail("state", same(got.training.state, *e.State))
	}
	for _, name := range e.Types {
		if !slices.Contains(got.types, name) {
			fail("types", fmt.Errorf("%q is missing", name))
		}
	}
	return errors.Join(failures...)
}

func same(got, expected string) error {
	if got != expected {
		return fmt.Errorf("got %q, expected %q", got, expected)
	}
	return nil
}

func (e expectedError) check(err error) error {
	var failure *edunn.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("expected %+v, got %v", e, err)
	}
	var failures []error
	if e.Code != "" {
		failures = append(failures, same(code.Code(failure.Code).String(), e.Code))
	}
	if e.Reason != "" {
		failures = append(failures, same(string(failure.Reason), e.Reason))
	}
	if e.Fields != nil {
		var fields []string
		for _, violation := range failure.Violations {
			fields = append(fields, violation.Field)
		}
		slices.Sort(fields)
		failures = append(failures,
			same(strings.Join(fields, " "), strings.Join(slices.Sorted(slices.Values(e.Fields)), " ")))
	}
	if e.Retry != nil && *e.Retry != (failure.RetryDelay != nil) {
		failures = append(failures, fmt.Errorf("expected retry %v", *e.Retry))
	}
	return errors.Join(failures...)
}
