// Command grading has a Dropout written in Go graded: go run ./examples/grading [ASSIGNMENT].
//
// The service and the student's token are in EDUNN_TARGET and EDUNN_TOKEN.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

var errPrecision = errors.New("this Dropout computes in double precision alone")

// dropout zeroes each number with probability p, and divides the others by 1 - p.
type dropout struct {
	p     float64
	phase edunn.Phase
	mask  []float64
}

func (d *dropout) SetPhase(phase edunn.Phase) { d.phase = phase }

func (d *dropout) Forward(inputs ...edunn.AnyTensor) (edunn.AnyTensor, error) {
	x, ok := inputs[0].(edunn.Tensor[float64])
	if !ok {
		return nil, errPrecision
	}
	d.mask = make([]float64, len(x.Data))
	for i := range d.mask {
		switch {
		case d.phase == edunn.Test:
			d.mask[i] = 1
		case rand.Float64() >= d.p:
			d.mask[i] = 1 / (1 - d.p)
		}
	}
	return d.masked(x), nil
}

func (d *dropout) Backward(outputGradient edunn.AnyTensor) (edunn.GradientsAnswer, error) {
	g, ok := outputGradient.(edunn.Tensor[float64])
	if !ok {
		return edunn.GradientsAnswer{}, errPrecision
	}
	return edunn.GradientsAnswer{InputGradient: d.masked(g)}, nil
}

func (d *dropout) masked(x edunn.Tensor[float64]) edunn.Tensor[float64] {
	data := make([]float64, len(x.Data))
	for i, value := range x.Data {
		data[i] = value * d.mask[i]
	}
	return edunn.Tensor[float64]{Shape: x.Shape, Data: data}
}

func main() {
	assignment := "dropout-1"
	if len(os.Args) > 1 {
		assignment = os.Args[1]
	}
	if err := run(context.Background(), assignment); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, assignment string) error {
	var options []edunn.Option
	if token := os.Getenv("EDUNN_TOKEN"); token != "" {
		options = append(options, edunn.WithToken(token))
	}
	client, err := edunn.NewClient(os.Getenv("EDUNN_TARGET"), options...)
	if err != nil {
		return err
	}
	defer client.Close()
	attempt, err := client.StartAttempt(ctx, assignment, edunn.AttemptOptions{})
	if err != nil {
		return err
	}
	answers := map[string]edunn.ChallengeAnswer{}
	for _, challenge := range attempt.Challenges {
		p, ok := challenge.Config["p"].(float64)
		if !ok {
			p = 0.5
		}
		answers[challenge.ID] = edunn.AnswerChallenge(challenge, &dropout{p: p})
	}
	report, err := client.SubmitAnswers(ctx, attempt.ID, answers, nil)
	if err != nil {
		return err
	}
	for _, check := range report.Checks {
		fmt.Println(check.Verdict, check.Title, check.Bug, check.Message)
	}
	fmt.Printf("%g of %g points\n", report.Score, report.MaxScore)
	return nil
}
