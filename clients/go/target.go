package edunn

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/resolver"
)

// target is where the service listens: one address, or several servers of one service.
type target struct {
	addresses []string
}

// parseTarget reads "host:port", or several of them separated by commas. It refuses, in a sentence
// that says what to write, what gRPC would only fail to connect to.
func parseTarget(text string) (target, error) {
	var parsed target
	for address := range strings.SplitSeq(text, ",") {
		address = strings.TrimSpace(address)
		if err := checkAddress(address); err != nil {
			return target{}, err
		}
		parsed.addresses = append(parsed.addresses, address)
	}
	if len(parsed.addresses) > 1 {
		for _, address := range parsed.addresses {
			if err := checkHostPort(address, address, ""); err != nil {
				return target{}, invalid("address",
					"%q cannot be one of several servers: each is written host:port", address)
			}
		}
	}
	return parsed, nil
}

func (t target) String() string { return strings.Join(t.addresses, ",") }

// isLocal tells whether all of it is on this machine.
func (t target) isLocal() bool {
	for _, address := range t.addresses {
		if !isLocal(address) {
			return false
		}
	}
	return true
}

// resolverAddresses returns several servers as gRPC takes them. Each has its own name in TLS.
func (t target) resolverAddresses() []resolver.Address {
	addresses := make([]resolver.Address, len(t.addresses))
	for at, address := range t.addresses {
		host, _, _ := net.SplitHostPort(address) // parseTarget has looked
		addresses[at] = resolver.Address{Addr: address, ServerName: host}
	}
	return addresses
}

const portExample = "write host:port, such as localhost:50051"

func checkAddress(address string) error {
	if address == "" {
		return invalid("address", "is empty: %s", portExample)
	}
	scheme, rest, hasScheme := strings.Cut(address, ":")
	if hasScheme && scheme != "localhost" && resolver.Get(scheme) != nil {
		return checkHostPort(address, strings.TrimLeft(rest, "/"), scheme)
	}
	if strings.Contains(address, "://") {
		return urlInstead(address)
	}
	return checkHostPort(address, address, "")
}

// urlInstead says what to write for a URL.
func urlInstead(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return invalid("address", "%q is a URL: %s", address, portExample)
	}
	host, port := parsed.Hostname(), parsed.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[parsed.Scheme]
	}
	if port == "" {
		port = "50051"
	}
	encrypted := ""
	if strings.HasSuffix(parsed.Scheme, "s") {
		encrypted = " and add WithTLS"
	}
	return invalid("address", "%q is a URL: write %q%s", address, net.JoinHostPort(host, port),
		encrypted)
}

func checkHostPort(address, hostPort, scheme string) error {
	if scheme == "unix" || scheme == "unix-abstract" || scheme == "passthrough" || scheme == "xds" {
		return nil
	}
	if strings.Count(hostPort, "/") > 0 {
		return invalid("address", "%q has a path: %s", address, portExample)
	}
	if ip, err := netip.ParseAddr(hostPort); err == nil && ip.Is6() {
		return invalid("address", "%q has no port: write [%s]:50051", address, hostPort)
	}
	host, port, err := net.SplitHostPort(hostPort)
	switch {
	case err != nil && strings.Contains(err.Error(), "missing port"):
		return invalid("address", "%q has no port: write %s:50051", address, hostPort)
	case err != nil:
		return invalid("address", "%q is no address: %s", address, portExample)
	case host == "":
		return invalid("address", "%q has no host: write localhost%s", address, hostPort)
	case strings.ContainsAny(host, " \t"):
		return invalid("address", "%q has a space in it: %s", address, portExample)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return invalid("address", "the port of %q is no number from 1 to 65535: %s", address,
			portExample)
	}
	return nil
}

// isLocal tells whether an address is on this machine.
func isLocal(address string) bool {
	if strings.HasPrefix(address, "unix:") || strings.HasPrefix(address, "unix-abstract:") {
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

// hostOf returns an address without its scheme and port, for what names a machine.
func hostOf(address string) string {
	hostPort := address[strings.LastIndex(address, "/")+1:]
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		return host
	}
	return hostPort
}
