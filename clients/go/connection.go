package edunn

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// An answer may have several tensors of the 64 MiB that the service takes: a layer's gradients.
const maxMessageBytes = 256 << 20

// connection is a client's way to the service.
type connection struct {
	target  target
	channel *grpc.ClientConn
	mistake *mistake
	// proxy is what the environment puts between; nil for none.
	proxy *url.URL
	// connected tells whether there has ever been a connection.
	connected atomic.Bool
}

// dial makes the connection, which gRPC opens at the first call.
func dial(target target, settings *settings) (*connection, error) {
	made := &connection{target: target, mistake: &mistake{}}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(newHandshakes(settings.tls, made.mistake)),
		grpc.WithUserAgent("edunn-go/" + Version),
		// Only this package repeats calls: it knows which may be. A service configuration, which DNS
		// could bring, would not.
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		// The service closes connections that are pinged more often than every 10 seconds.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    30 * time.Second,
			Timeout: 10 * time.Second,
		}),
		// By default a lost connection is made anew after a second, and ever later up to two
		// minutes. After a long outage nobody should wait for more than half a second.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  100 * time.Millisecond,
				Multiplier: backoff.DefaultConfig.Multiplier,
				Jitter:     backoff.DefaultConfig.Jitter,
				MaxDelay:   400 * time.Millisecond,
			},
			MinConnectTimeout: 5 * time.Second,
		}),
	}
	options = append(options, settings.tokenOptions()...)
	address := target.addresses[0]
	if target.isLocal() {
		options = append(options, grpc.WithNoProxy())
	} else {
		made.proxy = proxyFor(address)
	}
	if len(target.addresses) > 1 {
		servers := manual.NewBuilderWithScheme("edunn")
		servers.InitialState(resolver.State{Addresses: target.resolverAddresses()})
		address = servers.Scheme() + ":///service"
		options = append(options, grpc.WithResolvers(servers),
			grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	}
	channel, err := grpc.NewClient(address, append(options, settings.dial...)...)
	if err != nil {
		return nil, invalid("address", "%v", err)
	}
	made.channel = channel
	return made, nil
}

// proxyFor returns the proxy that the environment names for an address; nil for none.
func proxyFor(address string) *url.URL {
	hostPort := address[strings.LastIndex(address, "/")+1:]
	proxy, err := http.ProxyFromEnvironment(&http.Request{
		URL: &url.URL{Scheme: "https", Host: hostPort},
	})
	if err != nil {
		return nil
	}
	return proxy
}

// unreachable says why a call could not be sent, and whether the same would come back however often
// it were tried again.
func (c *connection) unreachable(failure *Error) (*Error, bool) {
	if reason := c.mistake.get(); reason != nil {
		return unavailable(reason.Error()), true
	}
	cause := innermost(failure.Message)
	if !c.connected.Load() {
		switch {
		case c.proxy != nil:
			return c.proxyMistake(cause), true
		// The second is how gRPC's resolver tells the first.
		case strings.Contains(cause, "no such host"), strings.Contains(cause, "zero addresses"):
			return unavailable(fmt.Sprintf("no machine is called %s: %s",
				hostOf(c.target.addresses[0]), portExample)), true
		}
	}
	return unavailable(fmt.Sprintf("no service answers at %v: %s", c.target, cause)), false
}

func (c *connection) proxyMistake(cause string) *Error {
	return unavailable(fmt.Sprintf("the proxy %s, which the environment names for %v, does not "+
		"let it through (%s): add %s to NO_PROXY to go without", c.proxy.Redacted(), c.target,
		cause, hostOf(c.target.addresses[0])))
}

// proxyTimeout is how long a proxy may be silent. gRPC itself waits for its answer without an end.
const proxyTimeout = 3 * time.Second

// throughProxy waits until a proxy has let the first connection through, or has not. It fails where
// the proxy is silent.
func (c *connection) throughProxy(ctx context.Context) *Error {
	if c.proxy == nil || c.connected.Load() {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, proxyTimeout)
	defer cancel()
	c.channel.Connect()
	for {
		state := c.channel.GetState()
		if state != connectivity.Idle && state != connectivity.Connecting {
			return nil
		}
		if !c.channel.WaitForStateChange(waiting, state) {
			if ctx.Err() != nil {
				return contextError(ctx)
			}
			return c.proxyMistake(fmt.Sprintf("silent for %v", proxyTimeout))
		}
	}
}

func unavailable(message string) *Error {
	return &Error{Code: codes.Unavailable, Reason: ErrUnavailable, Message: message}
}

// innermost returns what went wrong without what gRPC wraps it in.
func innermost(message string) string {
	for _, wrapping := range []string{"Error while dialing: ", "handshake failed: ", "desc = "} {
		if _, rest, found := strings.Cut(message, wrapping); found {
			message = rest
		}
	}
	return strings.Trim(message, `"`)
}

// watch tells the log when the connection is lost and when it is there again, until it is closed.
func (c *connection) watch(log *slog.Logger) {
	ready, refused := false, false
	address := slog.String("address", c.target.String())
	for state := c.channel.GetState(); state != connectivity.Shutdown; state = c.channel.GetState() {
		switch state {
		case connectivity.Ready:
			if refused || c.connected.Swap(true) {
				log.Info("edunn: connected again", address)
			}
			ready, refused = true, false
		case connectivity.TransientFailure:
			if !refused {
				log.Warn("edunn: no connection", address)
			}
			ready, refused = false, true
		default:
			if ready {
				log.Info("edunn: disconnected", address)
			}
			ready = false
		}
		c.channel.WaitForStateChange(context.Background(), state)
	}
}

// untilConnected waits for a connection, for so long at most.
func (c *connection) untilConnected(ctx context.Context, longest time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	c.channel.Connect()
	for state := c.channel.GetState(); state != connectivity.Ready; state = c.channel.GetState() {
		if !c.channel.WaitForStateChange(ctx, state) {
			return
		}
	}
}
