package edunn

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// unsendable says what is wrong with a token, and does not show it.
const unsendable = "has characters that no header may have, such as a line break or a letter beyond " +
	"ASCII: trim one that comes from a file"

// TokenSource returns the bearer token of a call. It is asked before every attempt of every call,
// by several goroutines at once, so a source whose tokens are dear keeps one until it expires.
type TokenSource func(ctx context.Context) (string, error)

// WithToken sends a bearer token with every call. Without TLS that is refused unless the service is
// on this machine.
func WithToken(token string) Option {
	if !canBeSent(token) {
		return func(*settings) error { return invalid("token", unsendable) }
	}
	return WithTokenSource(func(context.Context) (string, error) { return token, nil })
}

// WithTokenSource sends with every call the bearer token that the source then returns. Without TLS
// that is refused unless the service is on this machine.
func WithTokenSource(source TokenSource) Option {
	return func(s *settings) error {
		s.token = source
		return nil
	}
}

// WithPlaintextToken lets a token travel unencrypted, for a network that is trusted.
func WithPlaintextToken() Option {
	return func(s *settings) error {
		s.plaintextToken = true
		return nil
	}
}

// checkToken refuses to send a token where others could read it.
func (s *settings) checkToken(target target) error {
	if s.token == nil || s.tls != nil || s.plaintextToken || target.isLocal() {
		return nil
	}
	return invalid("token", "it would travel to %v unencrypted: add WithTLS, or WithPlaintextToken "+
		"if the network is trusted", target)
}

func (s *settings) tokenOptions() []grpc.DialOption {
	if s.token == nil {
		return nil
	}
	return []grpc.DialOption{grpc.WithPerRPCCredentials(bearer{s.token})}
}

// bearer sends a token with every call.
type bearer struct{ source TokenSource }

func (b bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.source(ctx)
	if err != nil {
		return nil, err
	}
	if !canBeSent(token) {
		// gRPC passes on few statuses from here, and this is one of them.
		return nil, status.Error(codes.Unauthenticated, "the token "+unsendable)
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// canBeSent tells whether a text can be the value of a header.
func canBeSent(text string) bool {
	for _, each := range []byte(text) {
		if each < ' ' || each > '~' {
			return false
		}
	}
	return true
}

// RequireTransportSecurity is false because checkToken decides where a token may travel.
func (b bearer) RequireTransportSecurity() bool { return false }
