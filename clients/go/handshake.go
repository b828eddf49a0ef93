package edunn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// handshakes are a connection's credentials that remember why the latest handshake failed, in a
// sentence that says what to change. Such a failure comes back however often it is tried again.
type handshakes struct {
	credentials.TransportCredentials
	mistake *mistake
	// asked tells whether a server has asked for a certificate.
	asked *atomic.Bool
}

func newHandshakes(config *tls.Config, mistake *mistake) handshakes {
	if config == nil {
		return handshakes{insecure.NewCredentials(), mistake, nil}
	}
	asked := new(atomic.Bool)
	config = config.Clone()
	choose := config.GetClientCertificate
	if choose == nil {
		choose = firstSupported(config.Certificates)
	}
	config.GetClientCertificate = func(
		request *tls.CertificateRequestInfo,
	) (*tls.Certificate, error) {
		asked.Store(true)
		return choose(request)
	}
	return handshakes{credentials.NewTLS(config), mistake, asked}
}

// firstSupported chooses as crypto/tls does by itself.
func firstSupported(
	certificates []tls.Certificate,
) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		for at := range certificates {
			if request.SupportsCertificate(&certificates[at]) == nil {
				return &certificates[at], nil
			}
		}
		return &tls.Certificate{}, nil
	}
}

// mistake is why no connection can be made as the client is set up; nil while none is known.
type mistake struct {
	mu     sync.Mutex
	reason error
}

func (m *mistake) set(reason error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reason = reason
}

func (m *mistake) get() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reason
}

func (h handshakes) Clone() credentials.TransportCredentials {
	return handshakes{h.TransportCredentials.Clone(), h.mistake, h.asked}
}

func (h handshakes) ClientHandshake(
	ctx context.Context, authority string, raw net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	encrypted := h.Info().SecurityProtocol == "tls"
	if !encrypted {
		raw = &firstRead{Conn: raw, look: func(begin []byte, err error) {
			h.mistake.set(plaintextMistake(raw.RemoteAddr(), begin, err))
		}}
	}
	conn, info, err := h.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if encrypted {
		reason := tlsMistake(raw.RemoteAddr(), err)
		if reason != nil && h.asked.Load() {
			reason = certificateMistake(raw.RemoteAddr(), err)
		}
		h.mistake.set(reason)
		if reason != nil {
			return nil, nil, reason
		}
		if conn != nil {
			// A server that refuses the client's certificate does so only after the handshake, and may
			// be gone before its alert is read.
			conn = &firstRead{Conn: conn, look: func(_ []byte, err error) {
				if err != nil && h.asked.Load() {
					h.mistake.set(certificateMistake(raw.RemoteAddr(), err))
				}
			}}
		}
	}
	return conn, info, err
}

// tlsMistake says what is wrong with how the client speaks TLS; nil if that is not why err came.
func tlsMistake(server net.Addr, err error) error {
	var plaintext tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalidCertificate x509.CertificateInvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &plaintext):
		return fmt.Errorf("the service at %v speaks plaintext: leave out WithTLS and WithCA", server)
	case errors.As(err, &authority):
		return fmt.Errorf("the certificate of the service at %v is of an authority that this "+
			"client does not trust (%w): name its file by WithCA", server, err)
	case errors.As(err, &name):
		return fmt.Errorf("the certificate of the service at %v is for another name (%w): write "+
			"the name that it has as the address, or as the ServerName of WithTLS", server, err)
	case errors.As(err, &invalidCertificate):
		return fmt.Errorf("the certificate of the service at %v will not do: %w", server, err)
	case strings.Contains(err.Error(), "remote error: tls:"):
		return fmt.Errorf("the service at %v does not take this client's TLS: %w", server, err)
	case strings.Contains(err.Error(), "missing selected ALPN property"):
		return fmt.Errorf("what listens at %v speaks TLS and no gRPC: %w", server, err)
	}
	return nil
}

func certificateMistake(server net.Addr, err error) error {
	return fmt.Errorf("the service at %v asks for a certificate and takes none that this client has "+
		"(%w): name one that it trusts by WithCertificate", server, err)
}

const (
	tlsAlert   = 0x15
	tlsVersion = 0x03
)

// plaintextMistake tells whether a server that was spoken to in plaintext wants TLS. Some answer
// with an alert; others close the connection, and are asked.
func plaintextMistake(server net.Addr, begin []byte, err error) error {
	alert := len(begin) >= 2 && begin[0] == tlsAlert && begin[1] == tlsVersion
	if alert || len(begin) == 0 && err != nil && speaksTLS(server) {
		return fmt.Errorf("the service at %v speaks TLS: add WithTLS, or WithCA with the file of its "+
			"authority", server)
	}
	if strings.HasPrefix(string(begin), "HTTP/1") {
		return fmt.Errorf("what listens at %v speaks HTTP/1 and no gRPC: is it another port?", server)
	}
	return nil
}

const askTimeout = time.Second

// speaksTLS opens a connection of its own to find out, and sends nothing through it.
func speaksTLS(server net.Addr) bool {
	dialer := &net.Dialer{Timeout: askTimeout}
	conn, err := dialer.Dial(server.Network(), server.String())
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(askTimeout)) // a closed connection fails below
	// Nothing is trusted: only the kind of answer matters.
	asked := tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
	})
	err = asked.Handshake()
	return err == nil || strings.Contains(err.Error(), "remote error: tls:")
}

// firstRead shows what the first read of a connection gave, or the error of a write before it.
type firstRead struct {
	net.Conn
	once sync.Once
	look func(begin []byte, err error)
}

func (f *firstRead) Read(into []byte) (int, error) {
	count, err := f.Conn.Read(into)
	f.once.Do(func() { f.look(into[:count], err) })
	return count, err
}

func (f *firstRead) Write(data []byte) (int, error) {
	count, err := f.Conn.Write(data)
	if err != nil {
		f.once.Do(func() { f.look(nil, err) })
	}
	return count, err
}
