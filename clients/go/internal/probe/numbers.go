package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"sync"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/layers"
	"github.com/edunn/edunn-serving/clients/go/optimizers"
)

// layersFile is the path from the module's folder, in which the tests run the probe.
const layersFile = "../conformance/program/layers.json"

const (
	streamed         = 2500
	digestedTogether = 250
)

// What is odd of numbers, as bits: NaNs with payloads, infinities, zeros, subnormals, the extremes.
var (
	odd64 = []uint64{
		0x7FF8000000000000, 0x7FF8000000000ABC, 0xFFF8DEADBEEF0001, 0x7FF0000000000000,
		0xFFF0000000000000, 0x0000000000000000, 0x8000000000000000, 0x0000000000000001,
		0x800FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x3FF0000000000001,
	}
	odd32 = []uint32{
		0x7FC00000, 0x7FC00ABC, 0xFFDEAD01, 0x7F800000,
		0xFF800000, 0x00000000, 0x80000000, 0x00000001,
		0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x3F800001,
	}
)

type float interface{ float32 | float64 }

type layerCase struct {
	Name   string
	Type   string
	Config edunn.Config
	Shape  []int
}

// numbers runs the program of clients/conformance/program, whose lines are the same in every
// language.
func numbers(ctx context.Context, client *edunn.Client, sessions int) error {
	err := errors.Join(
		floatNumbers(ctx, client, "float64", fromBits(odd64, math.Float64frombits)),
		floatNumbers(ctx, client, "float32", fromBits(odd32, math.Float32frombits)))
	if err != nil {
		return err
	}
	if err := inSession(ctx, client, 9, runLarge); err != nil {
		return err
	}
	if err := runSessions(ctx, client, sessions); err != nil {
		return err
	}
	return inSession(ctx, client, 10, func(ctx context.Context, session *edunn.Session) error {
		return runStream(ctx, client, session)
	})
}

func floatNumbers[T float](
	ctx context.Context, client *edunn.Client, name string, odd []T,
) error {
	err := inSession(ctx, client, 7, func(ctx context.Context, session *edunn.Session) error {
		return runLayers[T](ctx, session, name)
	})
	if err != nil {
		return err
	}
	return inSession(ctx, client, 8, func(ctx context.Context, session *edunn.Session) error {
		drop, err := addDropout(ctx, session)
		if err != nil {
			return err
		}
		if err := runForwardsInFlight[T](ctx, drop, name); err != nil {
			return err
		}
		if err := train[T](ctx, session, name); err != nil {
			return err
		}
		if err := trainAtTheService[T](ctx, session, name); err != nil {
			return err
		}
		return passOddNumbers(ctx, drop, name, odd)
	})
}

func runLayers[T float](ctx context.Context, session *edunn.Session, name string) error {
	text, err := os.ReadFile(layersFile)
	if err != nil {
		return err
	}
	var cases []layerCase
	if err := json.Unmarshal(text, &cases); err != nil {
		return err
	}
	for _, each := range cases {
		layer, err := session.AddLayer(ctx, each.Name, each.Type, each.Config)
		if err != nil {
			return err
		}
		for _, phase := range []edunn.Phase{edunn.Training, edunn.Test} {
			what := fmt.Sprint(name, " ", each.Name, " ", phase)
			output, err := layer.Forward(ctx, ramp[T](each.Shape...), edunn.WithPhase(phase))
			if err != nil {
				return err
			}
			gradients, err := layer.Backward(ctx, ramp[T](output.Dims()...))
			if err != nil {
				return err
			}
			show[T](what+" output", output)
			show[T](what+" gradient", gradients.Input)
			showAll[T](what, gradients.Parameters)
		}
		kept, err := layer.Parameters(ctx)
		if err != nil {
			return err
		}
		showAll[float64](name+" "+each.Name+" kept", kept)
	}
	return nil
}

func runForwardsInFlight[T float](ctx context.Context, drop *edunn.Layer, name string) error {
	x := ramp[T](4, 8)
	outputs := make([]edunn.Output, 3)
	for at := range outputs {
		var err error
		if outputs[at], err = drop.Forward(ctx, x); err != nil {
			return err
		}
	}
	for _, at := range []int{1, 2, 0} {
		show[T](fmt.Sprint(name, " in flight output ", at), outputs[at])
		gradients, err := drop.Backward(ctx, x, edunn.WithForwardID(outputs[at].ForwardID))
		if err != nil {
			return err
		}
		show[T](fmt.Sprint(name, " in flight gradient ", at), gradients.Input)
	}
	return nil
}

func train[T float](ctx context.Context, session *edunn.Session, name string) error {
	net, err := session.AddLayer(ctx, "net", "Linear",
		edunn.Config{"input_size": 3, "output_size": 2})
	if err != nil {
		return err
	}
	loss, err := session.AddLayer(ctx, "loss", "MeanError",
		edunn.Config{"sample_error": "SquaredError"})
	if err != nil {
		return err
	}
	drawn, err := edunn.AsAll[float64](net.Parameters(ctx))
	if err != nil {
		return err
	}
	// The service keeps parameters in float64; this program trains in its own data type.
	w := edunn.NewTensor(make([]T, len(drawn["w"].Data)), drawn["w"].Shape...)
	for at, number := range drawn["w"].Data {
		w.Data[at] = T(number)
	}
	x, goal := ramp[T](4, 3), ramp[T](4, 2)
	for step := range 5 {
		if err := net.SetParameters(ctx, map[string]edunn.AnyTensor{"w": w}); err != nil {
			return err
		}
		output, err := net.Forward(ctx, x)
		if err != nil {
			return err
		}
		mean, err := loss.Forward(ctx, edunn.Inputs{goal, output})
		if err != nil {
			return err
		}
		show[T](fmt.Sprint(name, " training loss ", step), mean)
		slope, err := loss.Backward(ctx, edunn.NewTensor([]T{1}))
		if err != nil {
			return err
		}
		gradients, err := net.Backward(ctx, slope.Input)
		if err != nil {
			return err
		}
		slopes, err := edunn.As[T](gradients.Parameters["w"])
		if err != nil {
			return err
		}
		for at, number := range slopes.Data {
			// The conversion keeps the compiler from fusing product and difference.
			w.Data[at] -= T(0.125 * number)
		}
	}
	show[T](name+" training w", w)
	return nil
}

// trainAtTheService steps by training steps, then on two backwards that leave their gradients there.
func trainAtTheService[T float](ctx context.Context, session *edunn.Session, name string) error {
	net, err := session.Add(ctx, "stepped", layers.Linear(3, 2))
	if err != nil {
		return err
	}
	loss, err := session.Add(ctx, "squared", layers.SquaredError())
	if err != nil {
		return err
	}
	x, goal := ramp[T](4, 3), ramp[T](4, 2)
	for range 3 {
		done, err := net.TrainStep(ctx, x, goal, loss, optimizers.Adam().Lr(0.125))
		if err != nil {
			return err
		}
		show[float64](fmt.Sprint(name, " training step ", done.Steps, " loss"),
			edunn.NewTensor([]float64{done.Loss}))
	}
	if err := showWeights(ctx, net, name+" training steps w"); err != nil {
		return err
	}
	for range 2 {
		output, err := net.Forward(ctx, x)
		if err != nil {
			return err
		}
		if _, err := net.Backward(ctx, ramp[T](output.Dims()...), edunn.Accumulate()); err != nil {
			return err
		}
	}
	done, err := net.Step(ctx, optimizers.GradientDescent().Lr(0.125))
	if err != nil {
		return err
	}
	return showWeights(ctx, net, fmt.Sprint(name, " step ", done.Steps, " w"))
}

func showWeights(ctx context.Context, layer *edunn.Layer, what string) error {
	parameters, err := layer.Parameters(ctx)
	if err != nil {
		return err
	}
	show[float64](what, parameters["w"])
	return nil
}

func passOddNumbers[T float](
	ctx context.Context, drop *edunn.Layer, name string, odd []T,
) error {
	x := edunn.NewTensor(odd, len(odd))
	for _, phase := range []edunn.Phase{edunn.Test, edunn.Training} {
		what := fmt.Sprint(name, " odd ", phase)
		output, err := drop.Forward(ctx, x, edunn.WithPhase(phase))
		if err != nil {
			return err
		}
		show[T](what+" output", output)
		gradients, err := drop.Backward(ctx, x)
		if err != nil {
			return err
		}
		show[T](what+" gradient", gradients.Input)
	}
	return nil
}

func runLarge(ctx context.Context, session *edunn.Session) error {
	both, err := dropOnce(ctx, session, ramp[float64](2560, 1024))
	if err != nil {
		return err
	}
	show[float64]("20 MiB output", both[0])
	show[float64]("20 MiB gradient", both[1])
	return nil
}

func runSessions(ctx context.Context, client *edunn.Client, count int) error {
	both := make([][]edunn.AnyTensor, count)
	failures := make([]error, count)
	var group sync.WaitGroup
	for seed := range count {
		group.Go(func() {
			run := func(ctx context.Context, session *edunn.Session) (err error) {
				both[seed], err = dropOnce(ctx, session, ramp[float64](4, 8))
				return err
			}
			failures[seed] = inSession(ctx, client, uint64(seed), run)
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	show[float64]("sessions", slices.Concat(both...)...)
	return nil
}

// runStream sends all operations through one stream, and what a broken stream leaves through
// another.
func runStream(ctx context.Context, client *edunn.Client, session *edunn.Session) error {
	drop, err := addDropout(ctx, session)
	if err != nil {
		return err
	}
	answers := make([]edunn.AnyTensor, 2*streamed)
	for slices.Contains(answers, nil) {
		numbered := map[edunn.Operation]int{}
		var left []edunn.Operation
		for at, answer := range answers {
			if answer == nil {
				operation := streamOperation(drop, at)
				numbered[operation] = at
				left = append(left, operation)
			}
		}
		for result, err := range client.Compute(ctx, slices.Values(left)) {
			switch {
			case errors.Is(err, edunn.ErrUnavailable):
			case err != nil:
				return err
			case result.Output != nil:
				answers[numbered[result.Operation]] = *result.Output
			default:
				answers[numbered[result.Operation]] = result.Gradients.Input
			}
		}
	}
	for begin := 0; begin < len(answers); begin += digestedTogether {
		show[float64](fmt.Sprint("stream ", begin), answers[begin:begin+digestedTogether]...)
	}
	return nil
}

// streamOperation returns forward 0, backward 0, forward 1, ...: named, so that they can be
// repeated.
func streamOperation(drop *edunn.Layer, at int) edunn.Operation {
	x, name := ramp[float64](4, 8), edunn.WithForwardID(fmt.Sprint("s", at/2))
	if at%2 == 1 {
		return edunn.Backward(drop, x, name)
	}
	return edunn.Forward(drop, x, name)
}

func inSession(
	ctx context.Context, client *edunn.Client, seed uint64,
	run func(context.Context, *edunn.Session) error,
) error {
	session, err := client.CreateSession(ctx, edunn.WithSeed(seed))
	if err != nil {
		return err
	}
	return errors.Join(run(ctx, session), session.Close(ctx))
}

func addDropout(ctx context.Context, session *edunn.Session) (*edunn.Layer, error) {
	return session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
}

// dropOnce returns the output and the input gradient of a Dropout.
func dropOnce(
	ctx context.Context, session *edunn.Session, x edunn.Tensor[float64],
) ([]edunn.AnyTensor, error) {
	drop, err := addDropout(ctx, session)
	if err != nil {
		return nil, err
	}
	output, err := drop.Forward(ctx, x)
	if err != nil {
		return nil, err
	}
	gradients, err := drop.Backward(ctx, x)
	return []edunn.AnyTensor{output, gradients.Input}, err
}

// ramp returns numbers that every language computes alike: no rounding, in float32 neither.
func ramp[T float](shape ...int) edunn.Tensor[T] {
	size := 1
	for _, length := range shape {
		size *= length
	}
	data := make([]T, size)
	for at := range data {
		data[at] = T(at*7919%2003)/1024 - 1
	}
	return edunn.NewTensor(data, shape...)
}

func fromBits[B any, T float](bits []B, from func(B) T) []T {
	numbers := make([]T, len(bits))
	for at, each := range bits {
		numbers[at] = from(each)
	}
	return numbers
}

func showAll[T float](what string, tensors map[string]edunn.AnyTensor) {
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		show[T](what+" "+name, tensors[name])
	}
}

// show prints a digest of the tensors' bytes.
func show[T float](what string, tensors ...edunn.AnyTensor) {
	digest := sha256.New()
	for _, tensor := range tensors {
		typed, err := edunn.As[T](tensor)
		if err == nil {
			err = binary.Write(digest, binary.LittleEndian, typed.Data)
		}
		if err != nil {
			fmt.Println(what, err)
			return
		}
	}
	fmt.Printf("%s %x\n", what, digest.Sum(nil)[:8])
}
