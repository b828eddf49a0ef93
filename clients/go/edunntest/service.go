// Package edunntest stands in for an edunn-serving service in the tests of programs that use one:
//
//	service := edunntest.Start(t)
//	service.OnForward(func(request *edunnpb.ForwardRequest) (*edunnpb.Tensor, error) { ... })
//	client, err := edunn.NewClient(service.Address)
//
// It is a gRPC server on a port of its own, with sessions, layers and the names of forwards. It
// computes nothing: an output is the input, a gradient the output's gradient, unless a test says
// otherwise. Steps are counted and change nothing. For the numbers of layers use the real service: `make serve` in its repository.
package edunntest

import (
	"net"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Service is a stand-in, made by [Start]. Goroutines may share it.
type Service struct {
	// Address is where it listens.
	Address string

	mu       sync.Mutex
	sessions map[string]*session
	failures map[string][]error
	forward  func(*edunnpb.ForwardRequest) (*edunnpb.Tensor, error)
	backward func(*edunnpb.BackwardRequest) (*edunnpb.BackwardResponse, error)
}

// session is a session with what its layers keep.
type session struct {
	message    *edunnpb.Session
	parameters map[string]map[string]*edunnpb.Tensor
	// forwards are the names of each layer's tracked forwards, the latest last.
	forwards map[string][]string
	// kept tells for which layers gradients are kept; steps counts the steps of each layer.
	kept  map[string]bool
	steps map[string]int64
}

// Start starts a stand-in that ends with the test.
func Start(t testing.TB) *Service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := &Service{
		Address:  listener.Addr().String(),
		sessions: map[string]*session{},
		failures: map[string][]error{},
		forward: func(request *edunnpb.ForwardRequest) (*edunnpb.Tensor, error) {
			inputs := request.GetInputs()
			if len(inputs) == 0 {
				return nil, Refusal(codes.InvalidArgument, edunn.ErrInvalidArgument, "no inputs")
			}
			return inputs[len(inputs)-1], nil
		},
		backward: func(request *edunnpb.BackwardRequest) (*edunnpb.BackwardResponse, error) {
			return &edunnpb.BackwardResponse{InputGradient: request.GetOutputGradient()}, nil
		},
	}
	server := grpc.NewServer()
	edunnpb.RegisterLayerServiceServer(server, &methods{service: service})
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	return service
}

// OnForward has outputs computed by a function. Layer and phase are in the request.
func (s *Service) OnForward(compute func(*edunnpb.ForwardRequest) (*edunnpb.Tensor, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forward = compute
}

// OnBackward has gradients computed by a function. The forward's name is in the request.
func (s *Service) OnBackward(
	compute func(*edunnpb.BackwardRequest) (*edunnpb.BackwardResponse, error),
) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backward = compute
}

// Fail lets the next call of a method, such as "Forward", end with an error; called again, the one
// after that too. An operation of a stream counts as a call.
func (s *Service) Fail(method string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[method] = append(s.failures[method], err)
}

// Refusal is an error as the service gives them, for [Service.Fail].
func Refusal(code codes.Code, reason edunn.Reason, message string) error {
	refused, err := status.New(code, message).WithDetails(
		&errdetails.ErrorInfo{Reason: string(reason), Domain: "edunn"})
	if err != nil {
		return err
	}
	return refused.Err()
}
