package edunn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
	"github.com/edunn/edunn-serving/clients/go/gradingpb"
)

// longestFailure is the contract's limit for the words of an error, in bytes here.
const longestFailure = 2000

// Attempt is one try of a student at an assignment: a challenge for each of its checks.
type Attempt struct {
	ID         string
	Course     string
	Assignment string
	Student    string
	// Number counts the student's attempts at the assignment, from 1.
	Number int
	// ExpireTime is until when its answers are accepted.
	ExpireTime time.Time
	Challenges []Challenge
}

// Challenge is a layer with its parameters, and the steps that are run on it in their order.
type Challenge struct {
	ID     string
	Title  string
	Points float64
	// Kind is "layer", "loss", "optimizer", "initializer" or "own".
	Kind      string
	LayerType string
	Config    Config
	// Parameters are the values that parameters and buffers start with.
	Parameters map[string]AnyTensor
	Steps      []ChallengeStep
}

// ChallengeStep is one thing that is done with the layer of a challenge: a [PhaseStep], a
// [ForwardStep], a [BackwardStep] or a [ParametersStep].
type ChallengeStep interface{ challengeStep() }

// PhaseStep sets the layer's phase. There is nothing to answer.
type PhaseStep struct {
	ID    string
	Phase Phase
}

// ForwardStep runs a forward. Its answer is an [OutputAnswer].
type ForwardStep struct {
	ID     string
	Inputs []AnyTensor
}

// BackwardStep runs the backward of the last forward. Its answer is a [GradientsAnswer].
type BackwardStep struct {
	ID             string
	OutputGradient AnyTensor
}

// ParametersStep sets parameters, which keep their values until they are set again. There is nothing
// to answer.
type ParametersStep struct {
	ID         string
	Parameters map[string]AnyTensor
}

func (PhaseStep) challengeStep()      {}
func (ForwardStep) challengeStep()    {}
func (BackwardStep) challengeStep()   {}
func (ParametersStep) challengeStep() {}

// StepAnswer is what came of a step: an [OutputAnswer], a [GradientsAnswer] or a [FailureAnswer].
type StepAnswer interface {
	encodeAnswer(field string, message *gradingpb.StepAnswer) error
}

// OutputAnswer is the output of a forward.
type OutputAnswer struct{ Output AnyTensor }

// GradientsAnswer is what a backward computes.
type GradientsAnswer struct {
	InputGradient      AnyTensor
	ParameterGradients map[string]AnyTensor
}

// FailureAnswer has the words of an error.
type FailureAnswer string

// ChallengeAnswer has the answers to a challenge by step id.
type ChallengeAnswer map[string]StepAnswer

// CheckResult is the judgement of one check.
type CheckResult struct {
	CheckID string
	Title   string
	// Verdict is "passed", "failed", "skipped" or "ungradable".
	Verdict  string
	Score    float64
	MaxScore float64
	// Bug is the stable name of the mistake; empty if it is none that is known.
	Bug     string
	Message string
}

// Report is the judgement of an attempt, as the caller may see it.
type Report struct {
	AttemptID string
	Score     float64
	MaxScore  float64
	Checks    []CheckResult
	// Receipt has the report's claims, signed: a JWS in compact form.
	Receipt string
	// Counts is false if a check could not be judged.
	Counts bool
	// Hidden tells that the score is not to be seen, or not yet.
	Hidden bool
}

// AttemptOptions are what may be chosen of an attempt.
type AttemptOptions struct {
	// Course is needed if several courses have an assignment of this name.
	Course string
	// Student is another student than the caller. For graders.
	Student string
	// Language of the report's messages, "en" or "es"; by default the assignment's.
	Language string
}

// GradedLayer is a student's layer, as [AnswerChallenge] runs it.
type GradedLayer interface {
	SetPhase(phase Phase)
	Forward(inputs ...AnyTensor) (AnyTensor, error)
	Backward(outputGradient AnyTensor) (GradientsAnswer, error)
}

// ParametersLayer is a layer of one's own whose parameters a challenge sets.
type ParametersLayer interface {
	GradedLayer
	SetParameters(parameters map[string]AnyTensor) error
}

// AnswerChallenge runs the script of a challenge on a student's layer. A step that fails is
// answered with the error's words, and the script goes on. After parameters could not be set, what
// is computed with them fails too.
func AnswerChallenge(challenge Challenge, layer GradedLayer) ChallengeAnswer {
	answers := ChallengeAnswer{}
	var notSet error
	for _, step := range challenge.Steps {
		switch step := step.(type) {
		case PhaseStep:
			layer.SetPhase(step.Phase)
		case ParametersStep:
			notSet = setParameters(layer, step.Parameters)
		case ForwardStep:
			if notSet != nil {
				answers[step.ID] = FailureAnswer(notSet.Error())
				continue
			}
			output, err := layer.Forward(step.Inputs...)
			answers[step.ID] = orFailure(OutputAnswer{output}, err)
		case BackwardStep:
			if notSet != nil {
				answers[step.ID] = FailureAnswer(notSet.Error())
				continue
			}
			gradients, err := layer.Backward(step.OutputGradient)
			answers[step.ID] = orFailure(gradients, err)
		}
	}
	return answers
}

func setParameters(layer GradedLayer, parameters map[string]AnyTensor) error {
	setter, ok := layer.(ParametersLayer)
	if !ok {
		return errors.New("the layer has no SetParameters")
	}
	return setter.SetParameters(parameters)
}

func orFailure(answer StepAnswer, err error) StepAnswer {
	if err != nil {
		return FailureAnswer(err.Error())
	}
	return answer
}

// StartAttempt begins an attempt at an assignment. A try that was not answered in time is repeated,
// and begins no other.
func (c *Client) StartAttempt(
	ctx context.Context, assignment string, options AttemptOptions,
) (Attempt, error) {
	request := &gradingpb.StartAttemptRequest{
		Course:     options.Course,
		Assignment: assignment,
		Student:    options.Student,
		Language:   options.Language,
		StartId:    fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()),
	}
	response, err := call(ctx, c, c.grading.StartAttempt, request, repeatable)
	if err != nil {
		return Attempt{}, err
	}
	return decodeAttempt(response.GetAttempt())
}

// SubmitAnswers submits the answers of an attempt, by challenge id, and returns the report. The same
// answers sent again get the same report. The source, if any, is kept for the graders and never run.
func (c *Client) SubmitAnswers(
	ctx context.Context, attemptID string, answers map[string]ChallengeAnswer, source []byte,
) (Report, error) {
	request := &gradingpb.SubmitAnswersRequest{AttemptId: attemptID, Source: source}
	for id, answer := range answers {
		message := &gradingpb.Answer{ChallengeId: id}
		for step, given := range answer {
			encoded := &gradingpb.StepAnswer{StepId: step}
			if err := given.encodeAnswer(id+"."+step, encoded); err != nil {
				return Report{}, err
			}
			message.Steps = append(message.Steps, encoded)
		}
		request.Answers = append(request.Answers, message)
	}
	response, err := call(ctx, c, c.grading.SubmitAnswers, request, repeatable)
	if err != nil {
		return Report{}, err
	}
	return decodeReport(response.GetReport()), nil
}

// GetReport returns the newest report of an attempt.
func (c *Client) GetReport(ctx context.Context, attemptID string) (Report, error) {
	response, err := call(ctx, c, c.grading.GetReport,
		&gradingpb.GetReportRequest{AttemptId: attemptID}, repeatable)
	if err != nil {
		return Report{}, err
	}
	return decodeReport(response.GetReport()), nil
}

func (a OutputAnswer) encodeAnswer(field string, message *gradingpb.StepAnswer) error {
	output, err := encodeTensor(field+".output", a.Output)
	message.Answer = &gradingpb.StepAnswer_Output{Output: output}
	return err
}

func (a GradientsAnswer) encodeAnswer(field string, message *gradingpb.StepAnswer) error {
	input, err := encodeTensor(field+".input_gradient", a.InputGradient)
	if err != nil {
		return err
	}
	parameters, err := encodeTensors(field+".parameter_gradients", a.ParameterGradients)
	message.Answer = &gradingpb.StepAnswer_Gradients{
		Gradients: &gradingpb.Gradients{InputGradient: input, ParameterGradients: parameters},
	}
	return err
}

func (a FailureAnswer) encodeAnswer(_ string, message *gradingpb.StepAnswer) error {
	text := strings.ToValidUTF8(string(a[:min(len(a), longestFailure)]), "")
	message.Answer = &gradingpb.StepAnswer_Failure{Failure: text}
	return nil
}

func decodeAttempt(message *gradingpb.Attempt) (Attempt, error) {
	attempt := Attempt{
		ID:         message.GetAttemptId(),
		Course:     message.GetCourse(),
		Assignment: message.GetAssignment(),
		Student:    message.GetStudent(),
		Number:     int(message.GetNumber()),
		ExpireTime: message.GetExpireTime().AsTime(),
	}
	for _, each := range message.GetChallenges() {
		challenge, err := decodeChallenge(each)
		if err != nil {
			return Attempt{}, err
		}
		attempt.Challenges = append(attempt.Challenges, challenge)
	}
	return attempt, nil
}

func decodeChallenge(message *gradingpb.Challenge) (Challenge, error) {
	parameters, err := decodeTensors(message.GetLayer().GetParameters())
	if err != nil {
		return Challenge{}, err
	}
	challenge := Challenge{
		ID:         message.GetChallengeId(),
		Title:      message.GetTitle(),
		Points:     message.GetPoints(),
		Kind:       lowerName(message.GetKind().String(), "CHALLENGE_KIND_"),
		LayerType:  message.GetLayer().GetType(),
		Config:     message.GetLayer().GetConfig().AsMap(),
		Parameters: parameters,
	}
	for _, each := range message.GetSteps() {
		step, err := decodeChallengeStep(each)
		if err != nil {
			return Challenge{}, err
		}
		challenge.Steps = append(challenge.Steps, step)
	}
	return challenge, nil
}

func decodeChallengeStep(message *gradingpb.ChallengeStep) (ChallengeStep, error) {
	id := message.GetStepId()
	switch step := message.GetStep().(type) {
	case *gradingpb.ChallengeStep_SetPhase:
		return PhaseStep{ID: id, Phase: Phase(step.SetPhase)}, nil
	case *gradingpb.ChallengeStep_Forward:
		inputs, err := decodeList(step.Forward.GetInputs())
		return ForwardStep{ID: id, Inputs: inputs}, err
	case *gradingpb.ChallengeStep_Backward:
		gradient, err := decodeTensor(step.Backward.GetOutputGradient())
		return BackwardStep{ID: id, OutputGradient: gradient}, err
	case *gradingpb.ChallengeStep_SetParameters:
		parameters, err := decodeTensors(step.SetParameters.GetParameters())
		return ParametersStep{ID: id, Parameters: parameters}, err
	default:
		return nil, malformed("the step %s of a newer contract: update this client", id)
	}
}

func decodeList(messages []*edunnpb.Tensor) ([]AnyTensor, error) {
	tensors := make([]AnyTensor, len(messages))
	for i, message := range messages {
		tensor, err := decodeTensor(message)
		if err != nil {
			return nil, err
		}
		tensors[i] = tensor
	}
	return tensors, nil
}

func decodeReport(message *gradingpb.Report) Report {
	return Report{
		AttemptID: message.GetAttemptId(),
		Score:     message.GetScore(),
		MaxScore:  message.GetMaxScore(),
		Checks:    each(message.GetChecks(), decodeCheck),
		Receipt:   message.GetReceipt(),
		Counts:    message.GetCounts(),
		Hidden:    message.GetHidden(),
	}
}

func decodeCheck(message *gradingpb.CheckResult) CheckResult {
	return CheckResult{
		CheckID:  message.GetCheckId(),
		Title:    message.GetTitle(),
		Verdict:  lowerName(message.GetVerdict().String(), "VERDICT_"),
		Score:    message.GetScore(),
		MaxScore: message.GetMaxScore(),
		Bug:      message.GetBug(),
		Message:  message.GetMessage(),
	}
}

// lowerName returns the name of an enum's value as it is shown.
func lowerName(name, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(name, prefix))
}
