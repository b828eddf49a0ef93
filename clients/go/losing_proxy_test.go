package edunn_test

import (
	"context"
	"fmt"
	"net"
	"path"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// rawBytes passes messages on unread.
type rawBytes struct{}

func (rawBytes) Name() string { return "raw" }

func (rawBytes) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (rawBytes) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = slices.Clone(data)
	return nil
}

// losingProxy has unary calls carried out by the service at target, and turns the first answers of
// one method into UNAVAILABLE. It returns its address.
func losingProxy(t *testing.T, target, method string, lose int32) (string, *atomic.Int32) {
	t.Helper()
	connection, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawBytes{})))
	must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	lost := new(atomic.Int32)
	handle := func(_ any, stream grpc.ServerStream) error {
		called, _ := grpc.MethodFromServerStream(stream)
		var request, answer []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(stream.Context(), time.Minute)
		defer cancel()
		if err := connection.Invoke(ctx, called, &request, &answer); err != nil {
			return err
		}
		if path.Base(called) == method && lost.Add(1) <= lose {
			return status.Error(codes.Unavailable, "the answer was lost")
		}
		return stream.SendMsg(&answer)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := grpc.NewServer(grpc.ForceServerCodec(rawBytes{}), grpc.UnknownServiceHandler(handle))
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	return listener.Addr().String(), lost
}

func TestAForwardWhoseAnswerIsLostDrawsNoSecondMask(t *testing.T) {
	t.Parallel()
	address := serviceAddress(t)
	const lose = 2
	outputs := func(address string) []string {
		session := createSession(t, connect(t, address, quick()), edunn.WithSeed(11))
		drop := addLayer(t, session, "Dropout", edunn.Config{"p": 0.5})
		var drawn []string
		for range 3 {
			output, err := edunn.As[float64](drop.Forward(t.Context(), ones(4, 16)))
			must(t, err)
			gradients, err := drop.Backward(t.Context(), ones(4, 16))
			must(t, err)
			gradient, err := edunn.As[float64](gradients.Input)
			must(t, err)
			if !slices.Equal(gradient.Data, output.Data) {
				t.Error("the gradient is not that of the forward")
			}
			drawn = append(drawn, fmt.Sprint(output.Data))
		}
		return drawn
	}
	proxy, lost := losingProxy(t, address, "Forward", lose)
	if expected, got := outputs(address), outputs(proxy); !slices.Equal(got, expected) {
		t.Errorf("drew %v, expected %v", got, expected)
	}
	if answers := lost.Load(); answers != 3+lose {
		t.Errorf("%d forwards were carried out", answers)
	}
}
