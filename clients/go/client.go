package edunn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
	"github.com/edunn/edunn-serving/clients/go/gradingpb"
)

// Client is a connection to an edunn-serving service. Goroutines may share it.
type Client struct {
	settings  *settings
	service   edunnpb.LayerServiceClient
	grading   gradingpb.GradingServiceClient
	trainings edunnpb.TrainingServiceClient
	// connection is nil where the caller gave a channel of its own.
	connection *connection
	// shared is nil where every call is made by itself.
	shared *sharedStream
	// ctx ends with the client.
	ctx    context.Context
	cancel context.CancelFunc
	// away tells whether the latest call found no service.
	away atomic.Bool
}

// NewClient returns a client of the service at address, "host:port". Several servers of one service
// are separated by commas: calls go round them, past those that are away.
//
// It connects at the first call, so an address where nobody listens shows then. Without [WithTLS],
// [WithCA] or [WithCertificate] the connection is plaintext, which is for loopback.
func NewClient(address string, options ...Option) (*Client, error) {
	settings, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	target, err := parseTarget(address)
	if err != nil {
		return nil, err
	}
	if err := settings.checkToken(target); err != nil {
		return nil, err
	}
	connection, err := dial(target, settings)
	if err != nil {
		return nil, err
	}
	go connection.watch(settings.log())
	return newClient(settings, connection.channel, connection), nil
}

// NewClientOn returns a client that calls through a channel of the caller's, which stays the
// caller's to close. Of the options those about the connection (TLS, tokens, dial options) have no
// effect: the channel has its own.
func NewClientOn(channel grpc.ClientConnInterface, options ...Option) (*Client, error) {
	settings, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	return newClient(settings, channel, nil), nil
}

func newClient(
	settings *settings, channel grpc.ClientConnInterface, connection *connection,
) *Client {
	client := &Client{
		settings:   settings,
		service:    edunnpb.NewLayerServiceClient(channel),
		grading:    gradingpb.NewGradingServiceClient(channel),
		trainings:  edunnpb.NewTrainingServiceClient(channel),
		connection: connection,
	}
	client.ctx, client.cancel = context.WithCancel(context.Background())
	if settings.shared {
		client.shared = &sharedStream{client: client, ctx: client.ctx}
	}
	return client
}

// withoutRetries returns the same client, whose calls are made once.
func (c *Client) withoutRetries() *Client {
	settings := *c.settings
	settings.retry.Attempts = 1
	return &Client{
		settings: &settings, service: c.service, trainings: c.trainings, grading: c.grading,
		connection: c.connection,
	}
}

// String says what the client is connected to.
func (c *Client) String() string {
	if c.connection == nil {
		return "edunn.Client on a channel of its caller's"
	}
	return fmt.Sprintf("edunn.Client of %v", c.connection.target)
}

// Close closes the connection. Calls under way in other goroutines end with CANCELLED.
func (c *Client) Close() error {
	c.cancel()
	if c.connection == nil {
		return nil
	}
	return c.connection.channel.Close()
}

// LayerTypes returns the catalogue: the layer types that a session can have, by name.
func (c *Client) LayerTypes(ctx context.Context) ([]LayerType, error) {
	response, err := call(ctx, c, c.service.ListLayerTypes, &edunnpb.ListLayerTypesRequest{},
		repeatable)
	if err != nil {
		return nil, err
	}
	return decodeLayerTypes(response.GetLayerTypes()), nil
}

// OptimizerTypes returns the catalogue of optimizers that a step can use, by name.
func (c *Client) OptimizerTypes(ctx context.Context) ([]OptimizerType, error) {
	response, err := call(ctx, c, c.service.ListOptimizerTypes,
		&edunnpb.ListOptimizerTypesRequest{}, repeatable)
	if err != nil {
		return nil, err
	}
	return each(response.GetOptimizerTypes(), decodeOptimizerType), nil
}

// CreateSession creates a session. [Session.Close] deletes it.
func (c *Client) CreateSession(ctx context.Context, options ...SessionOption) (*Session, error) {
	request := &edunnpb.CreateSessionRequest{}
	for _, option := range options {
		if err := option.applyToSession(request); err != nil {
			return nil, err
		}
	}
	if request.SessionId != "" && request.Seed == nil {
		// Drawn here, the seed tells whether a session of that name is the one asked for.
		seed := rand.Uint64()
		request.Seed = &seed
	}
	// A repetition without a name leaves at worst an empty session, which ends with its TTL.
	response, err := callResolving(ctx, c, c.service.CreateSession, request, repeatable,
		c.sessionCreatedBefore)
	if err != nil {
		return nil, err
	}
	return newSession(c, decodeSession(response.GetSession()), true), nil
}

// sessionCreatedBefore looks whether a session whose name is taken is the one that an earlier
// attempt has created.
func (c *Client) sessionCreatedBefore(
	ctx context.Context, request *edunnpb.CreateSessionRequest,
) *edunnpb.CreateSessionResponse {
	response, err := call(ctx, c, c.service.GetSession,
		&edunnpb.GetSessionRequest{SessionId: request.GetSessionId()}, repeatable)
	if err != nil {
		return nil
	}
	found := response.GetSession()
	asked := request.GetPhase() == edunnpb.Phase_PHASE_UNSPECIFIED ||
		request.GetPhase() == found.GetPhase()
	if request.Ttl != nil {
		asked = asked && request.GetTtl().AsDuration() == found.GetTtl().AsDuration()
	}
	if !asked || request.GetSeed() != found.GetSeed() || len(found.GetLayers()) > 0 {
		return nil
	}
	return &edunnpb.CreateSessionResponse{Session: found}
}

// AttachSession returns a session that exists, with its layers. [Session.Close] leaves it alone.
//
// Its forwards are counted under names of their own, so that they never meet those of whoever
// created the session. Where a mask must be reproducible, name the forward: [WithForwardID].
func (c *Client) AttachSession(ctx context.Context, id string) (*Session, error) {
	info, err := c.GetSession(ctx, id)
	if err != nil {
		return nil, err
	}
	return newSession(c, info, false), nil
}

// GetSession returns how a session stands: its layers, phase, seed and expiry.
func (c *Client) GetSession(ctx context.Context, id string) (SessionInfo, error) {
	response, err := call(ctx, c, c.service.GetSession,
		&edunnpb.GetSessionRequest{SessionId: id}, repeatable)
	if err != nil {
		return SessionInfo{}, err
	}
	return decodeSession(response.GetSession()), nil
}
