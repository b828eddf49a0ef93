package edunn

import (
	"os"
)

// NewClientFromEnvironment returns a client of the service that the environment names:
//
//   - EDUNN_TARGET: where it listens, as [NewClient] takes it.
//   - EDUNN_TOKEN: the bearer token.
//   - EDUNN_CA: a PEM file of the authorities to trust; the connection is then encrypted.
//   - EDUNN_CERTIFICATE, EDUNN_KEY: PEM files of the certificate to show and of its key.
//
// Options that are given come after these and win.
func NewClientFromEnvironment(options ...Option) (*Client, error) {
	address := os.Getenv("EDUNN_TARGET")
	if address == "" {
		return nil, invalid("EDUNN_TARGET", "is not set: %s", portExample)
	}
	var found []Option
	if token := os.Getenv("EDUNN_TOKEN"); token != "" {
		found = append(found, WithToken(token))
	}
	if path := os.Getenv("EDUNN_CA"); path != "" {
		found = append(found, WithCA(path))
	}
	certificate, key := os.Getenv("EDUNN_CERTIFICATE"), os.Getenv("EDUNN_KEY")
	switch {
	case certificate != "" && key != "":
		found = append(found, WithCertificate(certificate, key))
	case certificate != "":
		return nil, invalid("EDUNN_KEY", "is not set: EDUNN_CERTIFICATE needs it")
	case key != "":
		return nil, invalid("EDUNN_CERTIFICATE", "is not set: EDUNN_KEY needs it")
	}
	return NewClient(address, append(found, options...)...)
}
