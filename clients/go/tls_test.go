package edunn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// selfSigned returns a certificate for 127.0.0.1 that vouches for itself, and a PEM file of it.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "edunn test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(t, os.WriteFile(path, text, 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// securedServer asks for TLS, and for a client certificate of the same authority.
func securedServer(t *testing.T) (server *scriptedServer, certificate tls.Certificate, ca string) {
	t.Helper()
	certificate, ca = selfSigned(t)
	authorities := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	must(t, err)
	authorities.AddCert(leaf)
	server = newScriptedServer(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    authorities,
	})))
	server.next("ListLayerTypes", reply(&edunnpb.ListLayerTypesResponse{}))
	return server, certificate, ca
}

func TestBothSidesAreKnown(t *testing.T) {
	t.Parallel()
	server, certificate, ca := securedServer(t)
	mine := &tls.Config{Certificates: []tls.Certificate{certificate}}
	client := connect(t, server.address,
		edunn.WithTLS(mine), edunn.WithCA(ca), edunn.WithToken("abc"))
	_, err := client.LayerTypes(t.Context())
	must(t, err)
	if got := server.metadata[0].Get("authorization"); len(got) != 1 || got[0] != "Bearer abc" {
		t.Errorf("the token came as %q", got)
	}
}

func TestAMistakeAboutTLSIsToldAtOnceWithWhatToWrite(t *testing.T) {
	t.Parallel()
	certificate, ca := selfSigned(t)
	otherCertificate, otherCA := selfSigned(t)
	plaintext := newScriptedServer(t)
	encrypted := newScriptedServer(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate},
	})))
	mutual, _, mutualCA := securedServer(t)
	otherName := &tls.Config{ServerName: "layers.example.org"}
	for name, test := range map[string]struct {
		address string
		write   string
		options []edunn.Option
	}{
		"plaintext to TLS":      {encrypted.address, "speaks TLS: add WithTLS", nil},
		"plaintext to mutual":   {mutual.address, "speaks TLS: add WithTLS", nil},
		"TLS to plaintext":      {plaintext.address, "leave out WithTLS", []edunn.Option{edunn.WithCA(ca)}},
		"no authority":          {encrypted.address, "by WithCA", []edunn.Option{edunn.WithTLS(nil)}},
		"another authority":     {encrypted.address, "by WithCA", []edunn.Option{edunn.WithCA(otherCA)}},
		"another name":          {encrypted.address, "the name that it has", []edunn.Option{edunn.WithTLS(otherName), edunn.WithCA(ca)}},
		"no certificate":        {mutual.address, "by WithCertificate", []edunn.Option{edunn.WithCA(mutualCA)}},
		"a strange certificate": {mutual.address, "by WithCertificate", []edunn.Option{edunn.WithTLS(&tls.Config{Certificates: []tls.Certificate{otherCertificate}}), edunn.WithCA(mutualCA)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logbook
			client := connect(t, test.address, append(test.options, log.option())...)
			_, err := client.LayerTypes(t.Context())
			if !errors.Is(err, edunn.ErrUnavailable) || !strings.Contains(err.Error(), test.write) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(log.String(), "again") {
				t.Errorf("it was tried again:\n%s", &log)
			}
			_, err = client.OpenStream(t.Context())
			if !errors.Is(err, edunn.ErrUnavailable) || !strings.Contains(err.Error(), test.write) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheCertificateAndItsKeyMayBeFiles(t *testing.T) {
	t.Parallel()
	server, certificate, ca := securedServer(t)
	client := connect(t, server.address, edunn.WithCA(ca),
		edunn.WithCertificate(ca, writeKey(t, certificate)))
	_, err := client.LayerTypes(t.Context())
	must(t, err)
}

// writeKey returns a PEM file of a certificate's private key.
func writeKey(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	must(t, err)
	path := filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	must(t, os.WriteFile(path, text, 0o600))
	return path
}

func TestATokenStaysOnThisMachineUnlessEncrypted(t *testing.T) {
	t.Parallel()
	token := edunn.WithToken("abc")
	if _, err := edunn.NewClient("example.org:50051", token); err == nil {
		t.Error("the token would travel in the clear")
	}
	for address, options := range map[string][]edunn.Option{
		"localhost:50051":       {token},
		"[::1]:50051":           {token},
		"dns:///127.0.0.2:1":    {token},
		"unix:///run/edunn":     {token},
		"example.org:50051":     {token, edunn.WithTLS(nil)},
		"layers.internal:50051": {token, edunn.WithPlaintextToken()},
	} {
		client, err := edunn.NewClient(address, options...)
		must(t, err)
		must(t, client.Close())
	}
}

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	must(t, os.WriteFile(empty, nil, 0o600))
	for name, option := range map[string]edunn.Option{
		"no such file":    edunn.WithCA(empty + ".none"),
		"no certificate":  edunn.WithCA(empty),
		"no time":         edunn.WithTimeout(0),
		"fewer than none": edunn.WithRetryPolicy(edunn.RetryPolicy{Attempts: -1}),
		"no key":          edunn.WithCertificate(empty, empty),
		"no logger":       edunn.WithLogger(nil),
		"no slow call":    edunn.WithSlowCall(0),
	} {
		_, err := edunn.NewClient("localhost:50051", option)
		if !errors.Is(err, edunn.ErrInvalidArgument) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The repository's tests start a service with TLS and tokens and say so in the environment.
func TestASecuredService(t *testing.T) {
	t.Parallel()
	address, ca := os.Getenv("EDUNN_SECURED_ADDRESS"), os.Getenv("EDUNN_SECURED_CA")
	if address == "" {
		t.Skip("no service with TLS: EDUNN_SECURED_ADDRESS is not set")
	}
	token := edunn.WithToken(os.Getenv("EDUNN_SECURED_TOKEN"))
	client, err := edunn.NewClient(address, edunn.WithCA(ca), token)
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	drop := addLayer(t, createSession(t, client), "Dropout", edunn.Config{"p": 0.5})
	_, err = drop.Forward(t.Context(), ones(2, 2))
	must(t, err)

	stranger, err := edunn.NewClient(address, edunn.WithCA(ca))
	must(t, err)
	t.Cleanup(func() { _ = stranger.Close() })
	if _, err := stranger.CreateSession(t.Context()); !errors.Is(err, edunn.ErrUnauthenticated) {
		t.Errorf("got %v", err)
	}
}
