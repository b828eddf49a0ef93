package edunn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
)

// Option changes how a [Client] connects and calls.
type Option func(*settings) error

type settings struct {
	token          TokenSource
	plaintextToken bool
	tls            *tls.Config
	timeout        time.Duration
	retry          RetryPolicy
	slow           time.Duration
	logger         *slog.Logger
	shared         bool
	dial           []grpc.DialOption
	call           []grpc.CallOption
}

func newSettings(options []Option) (*settings, error) {
	chosen := &settings{
		timeout: 30 * time.Second,
		retry:   DefaultRetryPolicy(),
		slow:    10 * time.Second,
		call: []grpc.CallOption{
			grpc.MaxCallRecvMsgSize(maxMessageBytes),
			grpc.MaxCallSendMsgSize(maxMessageBytes),
		},
	}
	for _, option := range options {
		if err := option(chosen); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// WithTLS encrypts the connection. A nil configuration trusts the host's certificate authorities.
func WithTLS(config *tls.Config) Option {
	return func(s *settings) error {
		if config == nil {
			s.encrypt()
			return nil
		}
		s.tls = config.Clone()
		return nil
	}
}

// WithCA encrypts the connection and trusts the certificate authorities of a PEM file, and no
// others. After [WithTLS] it adds to the configuration given there.
func WithCA(path string) Option {
	return func(s *settings) error {
		pem, err := os.ReadFile(path)
		if err != nil {
			return invalid("ca", "cannot be read: %v", err)
		}
		authorities := x509.NewCertPool()
		if !authorities.AppendCertsFromPEM(pem) {
			return invalid("ca", "%s has no certificate in PEM", path)
		}
		s.encrypt().RootCAs = authorities
		return nil
	}
}

// WithCertificate encrypts the connection and shows the service a certificate (mTLS): PEM files of
// its chain and of its private key. After [WithTLS] it adds to the configuration given there.
func WithCertificate(certificate, key string) Option {
	return func(s *settings) error {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return invalid("certificate", "%s with the key %s cannot be used: %v", certificate, key, err)
		}
		s.encrypt().Certificates = []tls.Certificate{pair}
		return nil
	}
}

// encrypt returns the configuration of TLS, made if there is none.
func (s *settings) encrypt() *tls.Config {
	if s.tls == nil {
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return s.tls
}

// NoTimeout, given to [WithTimeout] or [WithCallTimeout], lets calls take as long as they like.
const NoTimeout = time.Duration(math.MaxInt64)

// WithTimeout says how long a call may take, all attempts together, if its context has no deadline;
// 30 seconds otherwise. A [Stream] is given up if it has waited so long for a single answer.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) error {
		if timeout <= 0 {
			return invalid("timeout", "%v is not positive: write NoTimeout for none", timeout)
		}
		s.timeout = timeout
		return nil
	}
}

// WithRetryPolicy says how often a call is tried again where that is safe; otherwise
// [DefaultRetryPolicy] does.
func WithRetryPolicy(policy RetryPolicy) Option {
	return func(s *settings) error {
		if policy.Attempts < 0 || policy.FirstPause < 0 || policy.LongestPause < 0 {
			return invalid("retry_policy", "nothing in it can be negative: %+v", policy)
		}
		s.retry = policy
		return nil
	}
}

// WithSharedStream sends the forwards and backwards of all calls through one Compute stream of the
// client, which costs the service less and answers sooner. The calls stay what they are: each has
// its deadline, its cancellation and its retries, and errors are the same. Calls with headers of
// their own, calls of more than 4 MiB, and all calls where something on the way takes no streams,
// are made by themselves. Interceptors see the stream and not its calls; a token is asked for when
// the stream is opened.
func WithSharedStream() Option {
	return func(s *settings) error {
		s.shared = true
		return nil
	}
}

// WithGzip compresses what is sent and asks for compressed answers. It pays where the network is
// slow: tensors of random numbers hardly shrink.
func WithGzip() Option {
	return WithCallOptions(grpc.UseCompressor(gzip.Name))
}

// WithLogger says where the client tells what it does besides calls: each retry, a connection lost
// and found, a slow call. Otherwise that is [slog.Default]; slog.DiscardHandler silences it.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) error {
		if logger == nil {
			return invalid("logger", "is nil")
		}
		s.logger = logger
		return nil
	}
}

// WithSlowCall says from which duration on a call, all attempts together, is told to the log; 10
// seconds otherwise.
func WithSlowCall(duration time.Duration) Option {
	return func(s *settings) error {
		if duration <= 0 {
			return invalid("slow_call", "%v is not positive", duration)
		}
		s.slow = duration
		return nil
	}
}

// WithDialOptions passes further options to gRPC, such as interceptors, keepalive, and the stats
// handler of OpenTelemetry. They come last and win.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) error {
		s.dial = append(s.dial, options...)
		return nil
	}
}

// WithCallOptions passes further options to gRPC with each call. They come last and win.
func WithCallOptions(options ...grpc.CallOption) Option {
	return func(s *settings) error {
		s.call = append(s.call, options...)
		return nil
	}
}

// log returns where the client tells what it does. slog.Default may change at any time.
func (s *settings) log() *slog.Logger {
	if s.logger != nil {
		return s.logger
	}
	return slog.Default()
}

// withDeadline gives a context without a deadline the client's.
func (s *settings) withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has || s.timeout == NoTimeout {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.timeout)
}
