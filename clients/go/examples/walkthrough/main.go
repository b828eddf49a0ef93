// Walkthrough takes a Dropout layer through both phases, forward and backward.
//
//	go run ./examples/walkthrough localhost:50051
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

func main() {
	address := "localhost:50051"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if err := walk(context.Background(), address); err != nil {
		log.Fatal(err)
	}
}

func walk(ctx context.Context, address string) error {
	client, err := edunn.NewClient(address)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.CreateSession(ctx)
	if err != nil {
		return err
	}
	defer session.Close(ctx)
	drop, err := session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
	if err != nil {
		return err
	}

	x, g := random(2, 10), random(2, 10)
	show("x", x)
	y, err := edunn.As[float64](drop.Forward(ctx, x))
	if err != nil {
		return err
	}
	show("Training: y has about half of x, doubled", y)
	gradients, err := drop.Backward(ctx, g)
	if err != nil {
		return err
	}
	gradient, err := edunn.As[float64](gradients.Input)
	if err != nil {
		return err
	}
	show("its gradient, zero where y is", gradient)

	same, err := edunn.As[float64](drop.Forward(ctx, x, edunn.WithPhase(edunn.Test)))
	if err != nil {
		return err
	}
	show("Test: y is x", same)

	for at := range x.Data {
		kept := y.Data[at] != 0
		if kept && y.Data[at] != 2*x.Data[at] || kept && gradient.Data[at] != 2*g.Data[at] ||
			!kept && gradient.Data[at] != 0 || same.Data[at] != x.Data[at] {
			return fmt.Errorf("element %d is wrong", at)
		}
	}
	fmt.Println("all as it should be")
	return nil
}

func random(shape ...int) edunn.Tensor[float64] {
	size := 1
	for _, length := range shape {
		size *= length
	}
	data := make([]float64, size)
	for at := range data {
		data[at] = 1 - rand.Float64() // never 0, which would look dropped
	}
	return edunn.NewTensor(data, shape...)
}

func show(title string, tensor edunn.Tensor[float64]) {
	fmt.Println(title)
	columns := tensor.Shape[1]
	for row := range tensor.Shape[0] {
		fmt.Printf("  %.4f\n", tensor.Data[row*columns:(row+1)*columns])
	}
}
