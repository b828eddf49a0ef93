package edunn

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
)

// Option changes how a [Client] connects and calls.
type Option func(*settings) error

type settings struct {
	token          string
	plaintextToken bool
	tls            *tls.Config
	timeout        time.Duration
	retry          RetryPolicy
	dial           []grpc.DialOption
}

// WithToken sends a bearer token with every call. Without TLS that is refused unless the service is
// on this machine.
func WithToken(token string) Option {
	return func(s *settings) error {
		s.token = token
		return nil
	}
}

// WithPlaintextToken lets the token of [WithToken] travel unencrypted, for a network that is
// trusted.
func WithPlaintextToken() Option {
	return func(s *settings) error {
		s.plaintextToken = true
		return nil
	}
}

// WithTLS encrypts the connection. A nil configuration trusts the host's certificate authorities.
func WithTLS(config *tls.Config) Option {
	return func(s *settings) error {
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
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
			return err
		}
		authorities := x509.NewCertPool()
		if !authorities.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s has no certificate in PEM", path)
		}
		if s.tls == nil {
			s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		s.tls.RootCAs = authorities
		return nil
	}
}

// WithTimeout says how long a call may take, all attempts together, if its context has no deadline;
// 30 seconds otherwise. A [Stream] is given up if it has waited so long for a single answer.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) error {
		if timeout <= 0 {
			return fmt.Errorf("a timeout of %v is not positive", timeout)
		}
		s.timeout = timeout
		return nil
	}
}

// WithRetryPolicy says how often a call is tried again where that is safe; otherwise
// [DefaultRetryPolicy] does.
func WithRetryPolicy(policy RetryPolicy) Option {
	return func(s *settings) error {
		if policy.Attempts < 1 || policy.FirstPause < 0 || policy.LongestPause < 0 {
			return fmt.Errorf("a retry policy needs an attempt and no negative pause: %+v", policy)
		}
		s.retry = policy
		return nil
	}
}

// WithDialOptions passes further options to gRPC, such as interceptors. They come last and win.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) error {
		s.dial = append(s.dial, options...)
		return nil
	}
}
