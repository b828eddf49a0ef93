package edunntest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// methods are the service's, each under the stand-in's lock.
type methods struct {
	edunnpb.UnimplementedLayerServiceServer
	service *Service
}

// begin locks the stand-in, and returns the error that a test has ordered.
func (m *methods) begin(method string) error {
	m.service.mu.Lock()
	failures := m.service.failures[method]
	if len(failures) == 0 {
		return nil
	}
	m.service.failures[method] = failures[1:]
	return failures[0]
}

func (m *methods) end() { m.service.mu.Unlock() }

func (m *methods) session(id string) (*session, error) {
	found, has := m.service.sessions[id]
	if !has {
		return nil, Refusal(codes.NotFound, edunn.ErrSessionNotFound, "no session "+id)
	}
	return found, nil
}

func (m *methods) layer(id, name string) (*session, error) {
	found, err := m.session(id)
	if err != nil {
		return nil, err
	}
	if found.parameters[name] == nil {
		return nil, Refusal(codes.NotFound, edunn.ErrLayerNotFound, "no layer "+name)
	}
	return found, nil
}

func (m *methods) CreateSession(
	_ context.Context, request *edunnpb.CreateSessionRequest,
) (*edunnpb.CreateSessionResponse, error) {
	defer m.end()
	if err := m.begin("CreateSession"); err != nil {
		return nil, err
	}
	id := request.GetSessionId()
	if id == "" {
		id = fmt.Sprint("session-", len(m.service.sessions)+1)
	}
	if m.service.sessions[id] != nil {
		return nil, Refusal(codes.AlreadyExists, edunn.ErrSessionExists, "the session exists")
	}
	ttl := time.Hour
	if request.Ttl != nil {
		ttl = request.GetTtl().AsDuration()
	}
	now := time.Now()
	phase := max(request.GetPhase(), edunnpb.Phase_PHASE_TRAINING)
	created := &session{
		message: &edunnpb.Session{
			SessionId: id, Seed: request.GetSeed(), Phase: phase, Ttl: durationpb.New(ttl),
			CreateTime: timestamppb.New(now), ExpireTime: timestamppb.New(now.Add(ttl)),
		},
		parameters: map[string]map[string]*edunnpb.Tensor{},
		forwards:   map[string][]string{},
		kept:       map[string]bool{},
		steps:      map[string]int64{},
	}
	m.service.sessions[id] = created
	return &edunnpb.CreateSessionResponse{Session: copyOf(created.message)}, nil
}

func (m *methods) GetSession(
	_ context.Context, request *edunnpb.GetSessionRequest,
) (*edunnpb.GetSessionResponse, error) {
	defer m.end()
	if err := m.begin("GetSession"); err != nil {
		return nil, err
	}
	found, err := m.session(request.GetSessionId())
	if err != nil {
		return nil, err
	}
	return &edunnpb.GetSessionResponse{Session: copyOf(found.message)}, nil
}

func (m *methods) DeleteSession(
	_ context.Context, request *edunnpb.DeleteSessionRequest,
) (*edunnpb.DeleteSessionResponse, error) {
	defer m.end()
	if err := m.begin("DeleteSession"); err != nil {
		return nil, err
	}
	if _, err := m.session(request.GetSessionId()); err != nil {
		return nil, err
	}
	delete(m.service.sessions, request.GetSessionId())
	return &edunnpb.DeleteSessionResponse{}, nil
}

func (m *methods) AddLayer(
	_ context.Context, request *edunnpb.AddLayerRequest,
) (*edunnpb.AddLayerResponse, error) {
	defer m.end()
	if err := m.begin("AddLayer"); err != nil {
		return nil, err
	}
	found, err := m.session(request.GetSessionId())
	if err != nil {
		return nil, err
	}
	spec := request.GetLayer()
	if found.parameters[spec.GetName()] != nil {
		return nil, Refusal(codes.AlreadyExists, edunn.ErrLayerExists, "the layer exists")
	}
	added := &edunnpb.Layer{Name: spec.GetName(), Type: spec.GetType(), Config: spec.GetConfig()}
	for _, name := range slices.Sorted(maps.Keys(spec.GetParameters())) {
		tensor := spec.GetParameters()[name]
		added.Parameters = append(added.Parameters, &edunnpb.ParameterInfo{
			Name: name, DataType: tensor.GetDataType(), Shape: tensor.GetShape(),
		})
	}
	found.message.Layers = append(found.message.Layers, added)
	found.parameters[spec.GetName()] = map[string]*edunnpb.Tensor{}
	maps.Copy(found.parameters[spec.GetName()], spec.GetParameters())
	return &edunnpb.AddLayerResponse{Layer: copyOf(added)}, nil
}

func (m *methods) Forward(
	_ context.Context, request *edunnpb.ForwardRequest,
) (*edunnpb.ForwardResponse, error) {
	defer m.end()
	if err := m.begin("Forward"); err != nil {
		return nil, err
	}
	found, err := m.layer(request.GetSessionId(), request.GetLayer())
	if err != nil {
		return nil, err
	}
	output, err := m.service.forward(request)
	if err != nil {
		return nil, err
	}
	forwards := found.forwards[request.GetLayer()]
	id := request.GetForwardId()
	if id == "" {
		id = fmt.Sprint("#", len(forwards)+1)
	}
	if !request.GetUntracked() {
		found.forwards[request.GetLayer()] = append(forwards, id)
	}
	phase := request.GetPhase()
	if phase == edunnpb.Phase_PHASE_UNSPECIFIED {
		phase = found.message.GetPhase()
	}
	return &edunnpb.ForwardResponse{ForwardId: id, Output: output, Phase: phase}, nil
}

func (m *methods) Backward(
	_ context.Context, request *edunnpb.BackwardRequest,
) (*edunnpb.BackwardResponse, error) {
	defer m.end()
	if err := m.begin("Backward"); err != nil {
		return nil, err
	}
	found, err := m.layer(request.GetSessionId(), request.GetLayer())
	if err != nil {
		return nil, err
	}
	forwards := found.forwards[request.GetLayer()]
	switch id := request.GetForwardId(); {
	case id == "" && len(forwards) == 0:
		return nil, Refusal(codes.FailedPrecondition, edunn.ErrNoForward, "no forward yet")
	case id != "" && !slices.Contains(forwards, id):
		return nil, Refusal(codes.NotFound, edunn.ErrForwardNotFound, "no forward "+id)
	}
	found.kept[request.GetLayer()] = found.kept[request.GetLayer()] || request.GetAccumulate()
	return m.service.backward(request)
}

func (m *methods) Step(
	_ context.Context, request *edunnpb.StepRequest,
) (*edunnpb.StepResponse, error) {
	defer m.end()
	if err := m.begin("Step"); err != nil {
		return nil, err
	}
	found, err := m.layer(request.GetSessionId(), request.GetLayer())
	if err != nil {
		return nil, err
	}
	if !found.kept[request.GetLayer()] {
		return nil, Refusal(codes.FailedPrecondition, edunn.ErrNoGradients, "none are kept")
	}
	id, steps := found.step(request.GetLayer(), request.GetStepId())
	return &edunnpb.StepResponse{StepId: id, Steps: steps}, nil
}

func (m *methods) TrainStep(
	_ context.Context, request *edunnpb.TrainStepRequest,
) (*edunnpb.TrainStepResponse, error) {
	defer m.end()
	if err := m.begin("TrainStep"); err != nil {
		return nil, err
	}
	for _, name := range []string{request.GetLoss(), request.GetLayer()} {
		if _, err := m.layer(request.GetSessionId(), name); err != nil {
			return nil, err
		}
	}
	found := m.service.sessions[request.GetSessionId()]
	id, steps := found.step(request.GetLayer(), request.GetStepId())
	return &edunnpb.TrainStepResponse{StepId: id, Steps: steps}, nil
}

func (m *methods) ClearGradients(
	_ context.Context, request *edunnpb.ClearGradientsRequest,
) (*edunnpb.ClearGradientsResponse, error) {
	defer m.end()
	if err := m.begin("ClearGradients"); err != nil {
		return nil, err
	}
	found, err := m.layer(request.GetSessionId(), request.GetLayer())
	if err != nil {
		return nil, err
	}
	found.kept[request.GetLayer()] = false
	return &edunnpb.ClearGradientsResponse{}, nil
}

// step counts a step of a layer, which clears its gradients.
func (s *session) step(layer, id string) (string, int64) {
	s.kept[layer] = false
	s.steps[layer]++
	if id == "" {
		id = fmt.Sprint("#", s.steps[layer])
	}
	return id, s.steps[layer]
}

func (m *methods) GetParameters(
	_ context.Context, request *edunnpb.GetParametersRequest,
) (*edunnpb.GetParametersResponse, error) {
	defer m.end()
	if err := m.begin("GetParameters"); err != nil {
		return nil, err
	}
	found, err := m.layer(request.GetSessionId(), request.GetLayer())
	if err != nil {
		return nil, err
	}
	parameters := maps.Clone(found.parameters[request.GetLayer()])
	return &edunnpb.GetParametersResponse{Parameters: parameters}, nil
}

func (m *methods) SetParameters(
	_ context.Context, request *edunnpb.SetParametersRequest,
) (*edunnpb.SetParametersResponse, error) {
	defer m.end()
	if err := m.begin("SetParameters"); err != nil {
		return nil, err
	}
	found, err := m.layer(request.GetSessionId(), request.GetLayer())
	if err != nil {
		return nil, err
	}
	maps.Copy(found.parameters[request.GetLayer()], request.GetParameters())
	return &edunnpb.SetParametersResponse{}, nil
}

func (m *methods) Compute(stream edunnpb.LayerService_ComputeServer) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer := &edunnpb.ComputeResponse{}
		for _, operation := range request.GetOperations() {
			answer.Results = append(answer.Results, m.run(stream.Context(), operation))
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

func (m *methods) run(
	ctx context.Context, operation *edunnpb.ComputeOperation,
) *edunnpb.ComputeResult {
	result := &edunnpb.ComputeResult{RequestId: operation.GetRequestId()}
	var err error
	switch asked := operation.GetOperation().(type) {
	case *edunnpb.ComputeOperation_Forward:
		var answer *edunnpb.ForwardResponse
		answer, err = m.Forward(ctx, asked.Forward)
		result.Result = &edunnpb.ComputeResult_Forward{Forward: answer}
	case *edunnpb.ComputeOperation_Step:
		var answer *edunnpb.StepResponse
		answer, err = m.Step(ctx, asked.Step)
		result.Result = &edunnpb.ComputeResult_Step{Step: answer}
	case *edunnpb.ComputeOperation_TrainStep:
		var answer *edunnpb.TrainStepResponse
		answer, err = m.TrainStep(ctx, asked.TrainStep)
		result.Result = &edunnpb.ComputeResult_TrainStep{TrainStep: answer}
	default:
		var answer *edunnpb.BackwardResponse
		answer, err = m.Backward(ctx, operation.GetBackward())
		result.Result = &edunnpb.ComputeResult_Backward{Backward: answer}
	}
	if err != nil {
		refused := status.Convert(err).Proto()
		result.Result = &edunnpb.ComputeResult_Error{Error: &edunnpb.OperationError{
			Code: refused.GetCode(), Message: refused.GetMessage(), Details: refused.GetDetails(),
		}}
	}
	return result
}

func copyOf[Message proto.Message](message Message) Message { return proto.CloneOf(message) }
