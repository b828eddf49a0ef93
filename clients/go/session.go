package edunn

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

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
	spec := &edunnpb.LayerSpec{Name: name, Type: layerType}
	var err error
	if spec.Config, err = config.encode(); err != nil {
		return nil, err
	}
	for _, option := range options {
		if err := option(spec); err != nil {
			return nil, err
		}
	}
	request := &edunnpb.AddLayerRequest{SessionId: s.ID(), Layer: spec}
	// Not repeatable: the repetition could fail with LAYER_EXISTS because of the first attempt.
	response, err := call(ctx, s.client, false,
		func(ctx context.Context) (*edunnpb.AddLayerResponse, error) {
			return s.client.service.AddLayer(ctx, request)
		})
	if err != nil {
		return nil, err
	}
	info := decodeLayer(response.GetLayer())
	s.mu.Lock()
	s.info.Layers = append(slices.Clip(s.info.Layers), info)
	s.mu.Unlock()
	return s.Layer(name), nil
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
	info, err := s.client.GetSession(ctx, s.ID())
	if err != nil {
		return SessionInfo{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info = info
	return info, nil
}

// Close deletes the session if this client has created it. It does so also when ctx has ended, so
// that it can be deferred; it takes no longer than the client's timeout.
func (s *Session) Close(ctx context.Context) error {
	if !s.created {
		return nil
	}
	return s.Delete(context.WithoutCancel(ctx))
}

// Delete ends the session, whoever created it. One that has already ended is no error.
func (s *Session) Delete(ctx context.Context) error {
	_, err := call(ctx, s.client, true,
		func(ctx context.Context) (*edunnpb.DeleteSessionResponse, error) {
			return s.client.service.DeleteSession(ctx,
				&edunnpb.DeleteSessionRequest{SessionId: s.ID()})
		})
	if errors.Is(err, ErrSessionNotFound) {
		return nil
	}
	return err
}

func (s *Session) nextForwardID(layer string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[layer]++
	return fmt.Sprintf("%s%d", s.prefix, s.counts[layer])
}
