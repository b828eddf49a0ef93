package edunn_test

import (
	"context"
	"net"
	"path"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// scriptedServer is a real gRPC server that gives the answers that a test wrote down. It stands for
// no service: it is for what a healthy one does not do on demand, such as refusing a call twice, or
// breaking a stream.
type scriptedServer struct {
	edunnpb.UnimplementedLayerServiceServer
	address string
	// stop breaks all connections.
	stop func()
	// computing holds the function that answers Compute, once there is one.
	computing chan func(edunnpb.LayerService_ComputeServer) error

	mu       sync.Mutex
	script   map[string][]answerer
	seen     map[string][]any
	metadata []metadata.MD
}

type answerer func(ctx context.Context, request any) (any, error)

func newScriptedServer(t testing.TB, options ...grpc.ServerOption) *scriptedServer {
	t.Helper()
	return newScriptedServerAt(t, "127.0.0.1:0", options...)
}

func newScriptedServerAt(
	t testing.TB, address string, options ...grpc.ServerOption,
) *scriptedServer {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	must(t, err)
	scripted := &scriptedServer{
		address: listener.Addr().String(),
		script:  map[string][]answerer{},
		seen:    map[string][]any{},

		computing: make(chan func(edunnpb.LayerService_ComputeServer) error, 1),
	}
	server := grpc.NewServer(append(options, grpc.UnaryInterceptor(scripted.answer))...)
	edunnpb.RegisterLayerServiceServer(server, scripted)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	scripted.stop = server.Stop
	t.Cleanup(scripted.stop)
	return scripted
}

func (s *scriptedServer) Compute(stream edunnpb.LayerService_ComputeServer) error {
	compute := <-s.computing
	s.computing <- compute
	return compute(stream)
}

// computeBy has Compute answered by a function.
func (s *scriptedServer) computeBy(compute func(edunnpb.LayerService_ComputeServer) error) {
	s.computing <- compute
}

// answer takes the place of the unary methods.
func (s *scriptedServer) answer(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler,
) (any, error) {
	method := path.Base(info.FullMethod)
	s.mu.Lock()
	s.seen[method] = append(s.seen[method], request)
	incoming, _ := metadata.FromIncomingContext(ctx)
	s.metadata = append(s.metadata, incoming)
	left := s.script[method]
	if len(left) == 0 {
		s.mu.Unlock()
		return nil, status.Errorf(codes.Unimplemented, "the script of %s has ended", method)
	}
	s.script[method] = left[1:]
	s.mu.Unlock()
	return left[0](ctx, request)
}

// next adds to the script of a method.
func (s *scriptedServer) next(method string, answers ...answerer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[method] = append(s.script[method], answers...)
}

// calls returns how often a method has been called.
func (s *scriptedServer) calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen[method])
}

// forwardIDs returns the names of the forwards that came.
func (s *scriptedServer) forwardIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, request := range s.seen["Forward"] {
		ids = append(ids, request.(*edunnpb.ForwardRequest).GetForwardId())
	}
	return ids
}

func reply(message any) answerer {
	return func(context.Context, any) (any, error) { return message, nil }
}

func refuse(err error) answerer {
	return func(context.Context, any) (any, error) { return nil, err }
}

// plain is a status without details.
func plain(code codes.Code) answerer { return refuse(status.Error(code, "plain")) }

// refusal is a status with the details that the service gives. A delay of 0 is none.
func refusal(
	code codes.Code, reason string, delay time.Duration, violations ...edunn.Violation,
) error {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: reason, Domain: "edunn", Metadata: map[string]string{"layer": "l1"},
	}}
	if len(violations) > 0 {
		request := &errdetails.BadRequest{}
		for _, violation := range violations {
			request.FieldViolations = append(request.FieldViolations,
				&errdetails.BadRequest_FieldViolation{
					Field: violation.Field, Description: violation.Description,
				})
		}
		details = append(details, request)
	}
	if delay != 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	}
	refused, err := status.New(code, "no").WithDetails(details...)
	if err != nil {
		return err
	}
	return refused.Err()
}

func unavailable() answerer { return refuse(refusal(codes.Unavailable, "UNAVAILABLE", 0)) }

// sessionAnswer is a training session "s1" with the layer "l1".
func sessionAnswer() *edunnpb.Session {
	return &edunnpb.Session{
		SessionId: "s1",
		Phase:     edunnpb.Phase_PHASE_TRAINING,
		Layers:    []*edunnpb.Layer{{Name: "l1", Type: "ReLU"}},
	}
}

func gotSession() answerer {
	return reply(&edunnpb.GetSessionResponse{Session: sessionAnswer()})
}

// forwarded answers a forward with its first input.
func forwarded(_ context.Context, request any) (any, error) {
	forward := request.(*edunnpb.ForwardRequest)
	id := forward.GetForwardId()
	if id == "" {
		id = "#1"
	}
	return &edunnpb.ForwardResponse{
		ForwardId: id,
		Output:    forward.GetInputs()[0],
		Phase:     edunnpb.Phase_PHASE_TRAINING,
	}, nil
}

// scriptedLayer returns the layer l1 of a session that the client has created.
func scriptedLayer(t testing.TB, server *scriptedServer, client *edunn.Client) *edunn.Layer {
	t.Helper()
	server.next("CreateSession", reply(&edunnpb.CreateSessionResponse{Session: sessionAnswer()}))
	session, err := client.CreateSession(t.Context())
	must(t, err)
	return session.Layer("l1")
}
