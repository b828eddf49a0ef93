package edunn

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Session is a session of the service: named layers, and what their backwards need. Goroutines may
// share it.
type Session struct {
	client  *Client
	created bool
	// prefix begins the names of the forwards that this client counts.
	prefix string

	mu     sync.Mutex
	info   SessionInfo
	layers map[string]*Layer
	counts map[string]int
}

func newSession(client *Client, info SessionInfo, created bool) *Session {
	session := &Session{
		client:  client,
		created: created,
		prefix:  "c",
		layers:  map[string]*Layer{},
		counts:  map[string]int{},
		info:    info,
	}
	if !created {
		// Two counts of the same names could meet: at best that is an error, at worst (the same
		// input twice) a mask shared by two forwards.
		var word [6]byte
		_, _ = rand.Read(word[:]) // never fails
		session.prefix = hex.EncodeToString(word[:]) + "-"
	}
	return session
}

// ID returns the session's name.
func (s *Session) ID() string { return s.Info().ID }

// Seed returns the seed given, or the one that the service drew.
func (s *Session) Seed() uint64 { return s.Info().Seed }

// Phase returns the phase of the forwards that name none.
func (s *Session) Phase() Phase { return s.Info().Phase }

// Info returns how the session stood when it was created, attached to, or last refreshed, and the
// layers that this client has added since.
func (s *Session) Info() SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// Layer returns the layer of that name, always the same value. It asks nobody whether the session
// has such a layer: if not, the layer's calls fail with [ErrLayerNotFound].
func (s *Session) Layer(name string) *Layer {
	s.mu.Lock()
	defer s.mu.Unlock()
	layer, known := s.layers[name]
	if !known {
		layer = &Layer{session: s, name: name}
		s.layers[name] = layer
	}
	return layer
}

// AddLayer adds a layer to the session.
//
// The layer type is one of [Client.LayerTypes], such as "Dropout". Parameters that
// [WithParameters] does not give are initialised from the session's seed.
func (s *Session) AddLayer(
	ctx context.Context, name, layerType string, config Config, options ...LayerOption,
) (*Layer, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	spec := &edunnpb.LayerSpec{Name: name, Type: layerType}
	var err error
	if spec.Config, err = config.encode("layer.config"); err != nil {
		return nil, err
	}
	for _, option := range options {
		if err := option(spec); err != nil {
			return nil, err
		}
	}
	request := &edunnpb.AddLayerRequest{SessionId: s.ID(), Layer: spec}
	response, err := callResolving(ctx, s.client, s.client.service.AddLayer, request, repeatable,
		s.layerAddedBefore)
	if err != nil {
		return nil, err
	}
	s.noteLayers(decodeLayer(response.GetLayer()))
	return s.Layer(name), nil
}

// LayerSpec describes a layer: a type of the catalogue, and the fields of its configuration that are
// given. Package layers has one for each type.
type LayerSpec interface {
	// Type returns the name for [Session.AddLayer].
	Type() string
	// Config returns the configuration.
	Config() Config
}

// Add adds a layer that a LayerSpec describes, as [Session.AddLayer] does:
//
//	drop, err := session.Add(ctx, "drop", layers.Dropout().P(0.5))
func (s *Session) Add(
	ctx context.Context, name string, spec LayerSpec, options ...LayerOption,
) (*Layer, error) {
	if spec == nil {
		return nil, invalid("layer", "is nil")
	}
	return s.AddLayer(ctx, name, spec.Type(), spec.Config(), options...)
}

// layerAddedBefore looks whether a layer whose name is taken is the one that an earlier attempt has
// added.
func (s *Session) layerAddedBefore(
	ctx context.Context, request *edunnpb.AddLayerRequest,
) *edunnpb.AddLayerResponse {
	session, err := call(ctx, s.client, s.client.service.GetSession,
		&edunnpb.GetSessionRequest{SessionId: request.GetSessionId()}, repeatable)
	if err != nil {
		return nil
	}
	asked := request.GetLayer()
	for _, found := range session.GetSession().GetLayers() {
		if found.GetName() == asked.GetName() && found.GetType() == asked.GetType() &&
			reflect.DeepEqual(found.GetConfig().AsMap(), asked.GetConfig().AsMap()) &&
			s.hasParameters(ctx, asked) {
			return &edunnpb.AddLayerResponse{Layer: found}
		}
	}
	return nil
}

// hasParameters tells whether a layer of the session has the parameters that were asked for.
func (s *Session) hasParameters(ctx context.Context, asked *edunnpb.LayerSpec) bool {
	if len(asked.GetParameters()) == 0 {
		return true
	}
	response, err := call(ctx, s.client, s.client.service.GetParameters,
		&edunnpb.GetParametersRequest{SessionId: s.ID(), Layer: asked.GetName()}, repeatable)
	if err != nil {
		return false
	}
	for name, tensor := range asked.GetParameters() {
		if !proto.Equal(tensor, response.GetParameters()[name]) {
			return false
		}
	}
	return true
}

// noteLayers puts layers into the session's info, in the place of older ones of the same names.
func (s *Session) noteLayers(layers ...LayerInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := slices.Clone(s.info.Layers)
	for _, layer := range layers {
		at := slices.IndexFunc(noted, func(other LayerInfo) bool { return other.Name == layer.Name })
		if at < 0 {
			noted = append(noted, layer)
		} else {
			noted[at] = layer
		}
	}
	s.info.Layers = noted
}

// LayerOption says something about a layer to add.
type LayerOption func(*edunnpb.LayerSpec) error

// WithParameters gives initial values of parameters and buffers by name.
func WithParameters(parameters map[string]AnyTensor) LayerOption {
	return func(spec *edunnpb.LayerSpec) (err error) {
		spec.Parameters, err = encodeTensors("layer.parameters", parameters)
		return err
	}
}

// Refresh asks the service how the session stands.
func (s *Session) Refresh(ctx context.Context) (SessionInfo, error) {
	before := s.Info().Layers
	info, err := s.client.GetSession(ctx, s.ID())
	if err != nil {
		return SessionInfo{}, err
	}
	s.mu.Lock()
	// What was added meanwhile may be missing in the answer.
	added := slices.DeleteFunc(slices.Clone(s.info.Layers), func(layer LayerInfo) bool {
		return slices.ContainsFunc(before,
			func(known LayerInfo) bool { return known.Name == layer.Name })
	})
	s.info = info
	s.mu.Unlock()
	s.noteLayers(added...)
	return s.Info(), nil
}

// leaving is how long Close waits for a service that has just not answered.
const leaving = time.Second

// Close deletes the session if this client has created it. It does so also when ctx has ended, so
// that it can be deferred. After a failure to reach the service it does not wait for it again: it
// asks once, for a second, and otherwise leaves the session to its TTL.
func (s *Session) Close(ctx context.Context) error {
	if !s.created {
		return nil
	}
	hurry := ctx.Err() != nil || s.client.away.Load()
	ctx = context.WithoutCancel(ctx)
	if !hurry {
		return s.delete(ctx, s.client)
	}
	ctx, cancel := context.WithTimeout(ctx, leaving)
	defer cancel()
	return s.delete(ctx, s.client.withoutRetries())
}

// Delete ends the session, whoever created it. One that has already ended is no error.
func (s *Session) Delete(ctx context.Context) error { return s.delete(ctx, s.client) }

func (s *Session) delete(ctx context.Context, client *Client) error {
	_, err := call(ctx, client, client.service.DeleteSession,
		&edunnpb.DeleteSessionRequest{SessionId: s.ID()}, repeatable)
	if errors.Is(err, ErrSessionNotFound) {
		return nil
	}
	return err
}

// String names the session.
func (s *Session) String() string { return fmt.Sprintf("edunn.Session %s", s.ID()) }

func (s *Session) nextName(layer string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[layer]++
	return fmt.Sprintf("%s%d", s.prefix, s.counts[layer])
}
