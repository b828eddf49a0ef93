package edunn

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// An answer may have several tensors of the 64 MiB that the service takes: a layer's gradients.
const maxMessageBytes = 256 << 20

// dial makes the connection, which gRPC opens at the first call.
func dial(address string, settings *settings) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if settings.tls != nil {
		transport = credentials.NewTLS(settings.tls)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(maxMessageBytes),
			grpc.MaxCallSendMsgSize(maxMessageBytes),
		),
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
		// minutes. Until then a call fails at once, so a retry would come to nothing.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  200 * time.Millisecond,
				Multiplier: backoff.DefaultConfig.Multiplier,
				Jitter:     backoff.DefaultConfig.Jitter,
				MaxDelay:   2 * time.Second,
			},
			MinConnectTimeout: 10 * time.Second,
		}),
	}
	if settings.token != "" {
		if settings.tls == nil && !settings.plaintextToken && !isLocal(address) {
			return nil, fmt.Errorf("the token for %s would travel unencrypted: "+
				"add WithTLS, or WithPlaintextToken if the network is trusted", address)
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer(settings.token)))
	}
	return grpc.NewClient(address, append(options, settings.dial...)...)
}

// bearer sends a token with every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity is false because dial decides where a token may travel.
func (b bearer) RequireTransportSecurity() bool { return false }

// isLocal tells whether an address is on this machine.
func isLocal(address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return true
	}
	host := address[strings.LastIndex(address, "/")+1:]
	if port := strings.LastIndex(host, ":"); port >= 0 {
		host = host[:port]
	}
	host = strings.Trim(host, "[]")
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
