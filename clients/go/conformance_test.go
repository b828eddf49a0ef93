package edunn_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func TestScenarios(t *testing.T) {
	address := serviceAddress(t)
	t.Run("calls", func(t *testing.T) { playAll(t, address) })
	t.Run("a shared stream", func(t *testing.T) { playAll(t, address, edunn.WithSharedStream()) })
}

func playAll(t *testing.T, address string, options ...edunn.Option) {
	files, err := filepath.Glob("../conformance/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no scenarios in ../conformance")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		scenarios, err := parseScenarios(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, scenario := range scenarios {
			t.Run(filepath.Base(file)+"/"+scenario.Name, func(t *testing.T) {
				t.Parallel()
				play(t, connect(t, address, options...), scenario)
			})
		}
	}
}

// play runs the steps of a scenario, and stops at the first that does not go as expected.
func play(t *testing.T, client *edunn.Client, scenario scenario) {
	options, err := scenario.Session.options()
	must(t, err)
	session := createSession(t, client, options...)
	for at, step := range scenario.Steps {
		if err := playStep(t.Context(), client, session, step); err != nil {
			t.Fatalf("step %d, %s: %v", at+1, step.Call, err)
		}
	}
}

func playStep(
	ctx context.Context, client *edunn.Client, session *edunn.Session, step step,
) error {
	if step.Call == "stream" {
		return playStream(ctx, client, session, step.Operations)
	}
	got, err := playCall(ctx, client, session, step)
	return judge(step, got, err)
}

// judge compares how a step ended with how it should.
func judge(step step, got answer, err error) error {
	switch {
	case step.ExpectError != nil:
		return step.ExpectError.check(err)
	case err != nil:
		return err
	default:
		return step.Expect.check(got)
	}
}

func playCall(
	ctx context.Context, client *edunn.Client, session *edunn.Session, step step,
) (answer, error) {
	layer := session.Layer(step.Layer)
	switch step.Call {
	case "add_layer":
		parameters, err := parseTensors(step.Parameters)
		if err != nil {
			return answer{}, err
		}
		_, err = session.AddLayer(ctx, step.Layer, step.Type, step.Config,
			edunn.WithParameters(parameters))
		return answer{}, err
	case "forward":
		inputs, options, err := step.forward()
		if err != nil {
			return answer{}, err
		}
		output, err := layer.Forward(ctx, inputs, options...)
		return answer{output: &output}, err
	case "backward":
		gradient, options, err := step.backward()
		if err != nil {
			return answer{}, err
		}
		gradients, err := layer.Backward(ctx, gradient, options...)
		return answer{gradients: &gradients}, err
	case "step":
		optimizer, options := step.optimizer()
		result, err := layer.Step(ctx, optimizer, options...)
		return answer{step: &result}, err
	case "train_step":
		inputs, target, err := step.tensors()
		if err != nil {
			return answer{}, err
		}
		optimizer, options := step.optimizer()
		loss := session.Layer(step.Loss)
		result, err := layer.TrainStep(ctx, inputs, target, loss, optimizer, options...)
		return answer{step: &result.StepResult, loss: &result.Loss}, err
	case "fit":
		got, err := playTraining(ctx, session, step)
		return answer{training: &got}, err
	case "clear_gradients":
		return answer{}, layer.ClearGradients(ctx)
	case "list_optimizer_types":
		types, err := client.OptimizerTypes(ctx)
		got := answer{types: []string{}}
		for _, optimizerType := range types {
			got.types = append(got.types, optimizerType.Type)
		}
		return got, err
	case "get_parameters":
		parameters, err := layer.Parameters(ctx)
		return answer{parameters: parameters}, err
	case "set_parameters":
		parameters, err := parseTensors(step.Parameters)
		if err != nil {
			return answer{}, err
		}
		return answer{}, layer.SetParameters(ctx, parameters)
	case "set_phase":
		phase, err := parsePhase(step.Phase)
		layer.SetPhase(phase)
		return answer{}, err
	case "get_session":
		info, err := session.Refresh(ctx)
		return answer{session: &info}, err
	case "create_session":
		other, err := client.CreateSession(ctx, edunn.WithSessionID(step.SessionID))
		if err != nil {
			return answer{}, err
		}
		info := other.Info()
		return answer{session: &info}, other.Close(ctx)
	case "delete_session":
		return answer{}, session.Delete(ctx)
	case "list_layer_types":
		types, err := client.LayerTypes(ctx)
		got := answer{types: []string{}}
		for _, layerType := range types {
			got.types = append(got.types, layerType.Type)
		}
		return got, err
	default:
		return answer{}, fmt.Errorf("unknown call %q", step.Call)
	}
}

// playTraining starts a training and watches it to its end.
func playTraining(ctx context.Context, session *edunn.Session, step step) (watched, error) {
	var got watched
	optimizer, _ := step.optimizer()
	spec := edunn.TrainingSpec{
		Dataset: step.Dataset, Loss: session.Layer(step.Loss), Optimizer: optimizer,
		Epochs: step.Epochs, ValidationShare: step.Validation,
	}
	if step.Seed != nil {
		seed, err := strconv.ParseUint(*step.Seed, 10, 64)
		if err != nil {
			return got, err
		}
		spec.Seed = &seed
	}
	training, err := session.Layer(step.Layer).Fit(ctx, spec)
	if err != nil {
		return got, err
	}
	for event, err := range training.Watch(ctx, "") {
		if err != nil {
			return got, err
		}
		if event.Started != nil && step.Cancel {
			if _, err := training.Cancel(ctx); err != nil {
				return got, err
			}
		}
		if event.Epoch != nil {
			got.epochs = append(got.epochs, event.Epoch.Epoch)
		}
		if event.Ended != nil {
			got.state = event.Ended.State.String()
		}
	}
	if step.Resume {
		_, err = training.Resume(ctx)
	}
	return got, err
}

// playStream sends all operations, and only then looks at the answers.
func playStream(
	ctx context.Context, client *edunn.Client, session *edunn.Session, steps []step,
) error {
	stream, err := client.OpenStream(ctx, edunn.WithInFlight(len(steps)))
	if err != nil {
		return err
	}
	sent := make([]*edunn.Pending, len(steps))
	refused := make([]error, len(steps))
	for at, step := range steps {
		operation, err := step.operation(session)
		if err != nil {
			return err
		}
		sent[at], refused[at] = stream.Send(ctx, operation)
	}
	var failures []error
	for at, pending := range sent {
		result, err := edunn.Result{}, refused[at]
		if err == nil {
			result, err = pending.Wait(ctx)
		}
		got := answer{output: result.Output, gradients: result.Gradients, step: result.Step}
		if result.TrainStep != nil {
			got.step, got.loss = &result.TrainStep.StepResult, &result.TrainStep.Loss
		}
		if err := judge(steps[at], got, err); err != nil {
			failures = append(failures, fmt.Errorf("operation %d: %w", at+1, err))
		}
	}
	return errors.Join(append(failures, stream.Close())...)
}

func (s step) operation(session *edunn.Session) (edunn.Operation, error) {
	layer := session.Layer(s.Layer)
	switch s.Kind {
	case "forward":
		inputs, options, err := s.forward()
		return edunn.Forward(layer, inputs, options...), err
	case "backward":
		gradient, options, err := s.backward()
		return edunn.Backward(layer, gradient, options...), err
	case "step":
		optimizer, options := s.optimizer()
		return edunn.Step(layer, optimizer, options...), nil
	case "train_step":
		inputs, target, err := s.tensors()
		optimizer, options := s.optimizer()
		loss := session.Layer(s.Loss)
		return edunn.TrainStep(layer, inputs, target, loss, optimizer, options...), err
	default:
		return nil, fmt.Errorf("unknown kind %q", s.Kind)
	}
}
