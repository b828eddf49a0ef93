package edunntest_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
	"github.com/edunn/edunn-serving/clients/go/edunntest"
	"github.com/edunn/edunn-serving/clients/go/layers"
	"github.com/edunn/edunn-serving/clients/go/optimizers"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func connected(t *testing.T) (*edunntest.Service, *edunn.Session) {
	t.Helper()
	service := edunntest.Start(t)
	client, err := edunn.NewClient(service.Address)
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	session, err := client.CreateSession(t.Context(), edunn.WithSeed(7))
	must(t, err)
	return service, session
}

// double is a program under test: it takes whatever is differentiable.
func double(ctx context.Context, layer edunn.Differentiable, x edunn.Tensor[float64]) (
	[]float64, error,
) {
	y, err := edunn.As[float64](layer.Forward(ctx, x))
	if err != nil {
		return nil, err
	}
	gradients, err := layer.Backward(ctx, y)
	if err != nil {
		return nil, err
	}
	gradient, err := edunn.As[float64](gradients.Input)
	return gradient.Data, err
}

func TestAProgramRunsAgainstIt(t *testing.T) {
	t.Parallel()
	service, session := connected(t)
	w := edunn.NewTensor([]float64{2}, 1, 1)
	layer, err := session.Add(t.Context(), "l1", layers.Linear(1, 1),
		edunn.WithParameters(map[string]edunn.AnyTensor{"w": w}))
	must(t, err)
	x := edunn.NewTensor([]float64{1, 2}, 2, 1)
	got, err := double(t.Context(), layer, x)
	must(t, err)
	if !slices.Equal(got, x.Data) {
		t.Errorf("got %v", got)
	}
	parameters, err := edunn.AsAll[float64](layer.Parameters(t.Context()))
	must(t, err)
	if !slices.Equal(parameters["w"].Data, w.Data) {
		t.Errorf("got %v", parameters)
	}

	service.OnForward(func(request *edunnpb.ForwardRequest) (*edunnpb.Tensor, error) {
		return nil, edunntest.Refusal(codes.InvalidArgument, edunn.ErrInvalidArgument, "not today")
	})
	_, err = double(t.Context(), layer, x)
	if !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

func TestItRefusesAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	service, session := connected(t)
	x := edunn.NewTensor([]float64{1}, 1)
	expect := func(reason edunn.Reason, err error) {
		t.Helper()
		if !errors.Is(err, reason) {
			t.Errorf("got %v, expected %v", err, reason)
		}
	}
	_, err := session.Layer("gone").Forward(t.Context(), x)
	expect(edunn.ErrLayerNotFound, err)
	layer, err := session.Add(t.Context(), "l1", layers.ReLU())
	must(t, err)
	_, err = session.Add(t.Context(), "l1", layers.ReLU())
	expect(edunn.ErrLayerExists, err)
	_, err = layer.Backward(t.Context(), x, edunn.WithForwardID(""))
	expect(edunn.ErrNoForward, err)
	_, err = layer.Backward(t.Context(), x, edunn.WithForwardID("c9"))
	expect(edunn.ErrForwardNotFound, err)
	service.Fail("Forward", edunntest.Refusal(codes.ResourceExhausted, edunn.ErrQuota, "full"))
	_, err = layer.Forward(t.Context(), x)
	expect(edunn.ErrQuota, err)
	_, err = layer.Forward(t.Context(), x)
	must(t, err)
	must(t, session.Delete(t.Context()))
	_, err = session.Refresh(t.Context())
	expect(edunn.ErrSessionNotFound, err)
}

func TestItCountsSteps(t *testing.T) {
	t.Parallel()
	_, session := connected(t)
	layer, err := session.Add(t.Context(), "l1", layers.ReLU())
	must(t, err)
	loss, err := session.Add(t.Context(), "loss", layers.SquaredError())
	must(t, err)
	x := edunn.NewTensor([]float64{1}, 1)
	if _, err := layer.Step(t.Context(), nil); !errors.Is(err, edunn.ErrNoGradients) {
		t.Errorf("got %v", err)
	}
	_, err = layer.Forward(t.Context(), x)
	must(t, err)
	_, err = layer.Backward(t.Context(), x, edunn.Accumulate())
	must(t, err)
	step, err := layer.Step(t.Context(), optimizers.Adam())
	must(t, err)
	trained, err := layer.TrainStep(t.Context(), x, x, loss, nil, edunn.WithStepID("mine"))
	must(t, err)
	if step.Steps != 1 || trained.Steps != 2 || trained.StepID != "mine" {
		t.Errorf("got %v, %v", step, trained)
	}
	must(t, layer.ClearGradients(t.Context()))
}

func TestItHasStreams(t *testing.T) {
	t.Parallel()
	service := edunntest.Start(t)
	client, err := edunn.NewClient(service.Address)
	must(t, err)
	defer client.Close()
	session, err := client.CreateSession(t.Context(), edunn.WithPhase(edunn.Test))
	must(t, err)
	layer, err := session.Add(t.Context(), "l1", layers.ReLU())
	must(t, err)
	x := edunn.NewTensor([]float64{1}, 1)
	operations := []edunn.Operation{edunn.Forward(layer, x), edunn.Backward(layer, x)}
	service.Fail("Backward", edunntest.Refusal(codes.Internal, edunn.ErrInternal, "a fault"))
	var failures []error
	for result, err := range client.Compute(t.Context(), slices.Values(operations)) {
		failures = append(failures, err)
		if err == nil && result.Output.Phase != edunn.Test {
			t.Errorf("got %v", result)
		}
	}
	if len(failures) != 2 || failures[0] != nil || !errors.Is(failures[1], edunn.ErrInternal) {
		t.Errorf("got %v", failures)
	}
}
