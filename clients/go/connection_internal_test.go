package edunn

import (
	"strings"
	"testing"
)

// Which names have a machine is not for a test to say, so it tells what the resolver would.
func TestANameThatNoMachineHasIsToldAtOnceUntilThereWasAConnection(t *testing.T) {
	t.Parallel()
	unresolved := unavailable("name resolver error: produced zero addresses")
	refused := unavailable(`connection error: desc = "transport: Error while dialing: dial tcp ` +
		`10.0.0.1:50051: connect: connection refused"`)
	never := &connection{
		target: target{addresses: []string{"layrs.example.org:50051"}}, mistake: &mistake{},
	}
	once := &connection{target: never.target, mistake: &mistake{}}
	once.connected.Store(true)
	for _, test := range []struct {
		connection *connection
		failure    *Error
		hopeless   bool
		says       string
	}{
		{never, unresolved, true, "no machine is called layrs.example.org: write host:port"},
		{once, unresolved, false, "zero addresses"},
		{never, refused, false, "no service answers at layrs.example.org:50051: dial tcp 10.0.0.1"},
	} {
		said, hopeless := test.connection.unreachable(test.failure)
		if hopeless != test.hopeless || !strings.Contains(said.Error(), test.says) {
			t.Errorf("got %v, hopeless: %v", said, hopeless)
		}
	}
}
