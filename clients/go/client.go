package edunn

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Client is a connection to an edunn-serving service. Goroutines may share it.
type Client struct {
	settings   settings
	connection *grpc.ClientConn
	service    edunnpb.LayerServiceClient
}

// NewClient returns a client of the service at address, "host:port". It connects at the first call,
// so an address where nobody listens shows then. Without [WithTLS] or [WithCA] the connection is
// plaintext, which is for loopback.
func NewClient(address string, options ...Option) (*Client, error) {
	client := &Client{settings: settings{timeout: 30 * time.Second, retry: DefaultRetryPolicy()}}
	for _, option := range options {
		if err := option(&client.settings); err != nil {
			return nil, fmt.Errorf("edunn: %w", err)
		}
	}
	connection, err := dial(address, &client.settings)
	if err != nil {
		return nil, fmt.Errorf("edunn: %w", err)
	}
	client.connection = connection
	client.service = edunnpb.NewLayerServiceClient(connection)
	return client, nil
}

// Close closes the connection. Calls under way in other goroutines end with CANCELLED.
func (c *Client) Close() error { return c.connection.Close() }

// LayerTypes returns the catalogue: the layer types that a session can have, by name.
func (c *Client) LayerTypes(ctx context.Context) ([]LayerType, error) {
	response, err := call(ctx, c, true,
		func(ctx context.Context) (*edunnpb.ListLayerTypesResponse, error) {
			return c.service.ListLayerTypes(ctx, &edunnpb.ListLayerTypesRequest{})
		})
	if err != nil {
		return nil, err
	}
	return decodeLayerTypes(response.GetLayerTypes()), nil
}

// CreateSession creates a session. [Session.Close] deletes it.
func (c *Client) CreateSession(ctx context.Context, options ...SessionOption) (*Session, error) {
	request := &edunnpb.CreateSessionRequest{}
	for _, option := range options {
		option.applyToSession(request)
	}
	// A repetition without a name leaves at worst an empty session, which ends with its TTL. With a
	// name it could fail with SESSION_EXISTS because of the first attempt.
	response, err := call(ctx, c, request.SessionId == "",
		func(ctx context.Context) (*edunnpb.CreateSessionResponse, error) {
			return c.service.CreateSession(ctx, request)
		})
	if err != nil {
		return nil, err
	}
	return newSession(c, decodeSession(response.GetSession()), true), nil
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
	response, err := call(ctx, c, true,
		func(ctx context.Context) (*edunnpb.GetSessionResponse, error) {
			return c.service.GetSession(ctx, &edunnpb.GetSessionRequest{SessionId: id})
		})
	if err != nil {
		return SessionInfo{}, err
	}
	return decodeSession(response.GetSession()), nil
}

// withDeadline gives a context without a deadline the client's.
func (c *Client) withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.settings.timeout)
}
