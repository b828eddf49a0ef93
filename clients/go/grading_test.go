package edunn_test

import (
	"errors"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// scale multiplies by its parameter, and takes none that is below zero.
type scale struct{ factor edunn.AnyTensor }

func (s *scale) SetPhase(edunn.Phase) {}

func (s *scale) SetParameters(parameters map[string]edunn.AnyTensor) error {
	factor, ok := parameters["factor"].(edunn.Tensor[float64])
	if !ok || factor.Data[0] < 0 {
		return errors.New("below zero")
	}
	s.factor = factor
	return nil
}

func (s *scale) Forward(...edunn.AnyTensor) (edunn.AnyTensor, error) { return s.factor, nil }

func (s *scale) Backward(edunn.AnyTensor) (edunn.GradientsAnswer, error) {
	return edunn.GradientsAnswer{InputGradient: s.factor}, nil
}

func TestParametersThatCannotBeSetFailWhatFollowsUntilSomeAreSet(t *testing.T) {
	t.Parallel()
	setting := func(id string, factor float64) edunn.ParametersStep {
		values := map[string]edunn.AnyTensor{"factor": number(factor)}
		return edunn.ParametersStep{ID: id, Parameters: values}
	}
	challenge := edunn.Challenge{Steps: []edunn.ChallengeStep{
		setting("1", 2), edunn.ForwardStep{ID: "a"},
		setting("2", -1), edunn.BackwardStep{ID: "b"},
		setting("3", 3), edunn.ForwardStep{ID: "c"},
	}}
	answers := edunn.AnswerChallenge(challenge, &scale{})
	if len(answers) != 3 || answers["b"] != edunn.FailureAnswer("below zero") {
		t.Fatalf("got %v", answers)
	}
	for id, want := range map[string]float64{"a": 2, "c": 3} {
		output, ok := answers[id].(edunn.OutputAnswer)
		if !ok || output.Output.(edunn.Tensor[float64]).Data[0] != want {
			t.Errorf("%s: got %v, want %v", id, answers[id], want)
		}
	}
}
