package edunn

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Operations that wait together travel together, up to these limits.
const (
	messageOperations = 256
	messageBytes      = 4 << 20
)

// outbox holds the operations of a stream that are to be sent, and the names of those that are to
// be cancelled. It holds nothing back: whatever waits when the writer looks leaves at once.
type outbox struct {
	operations []*edunnpb.ComputeOperation
	cancelled  []string
}

func (o *outbox) add(operation *edunnpb.ComputeOperation) {
	o.operations = append(o.operations, operation)
}

// remove takes out an operation, and tells whether it was still there.
func (o *outbox) remove(id string) bool {
	at := slices.IndexFunc(o.operations, func(operation *edunnpb.ComputeOperation) bool {
		return operation.GetRequestId() == id
	})
	if at < 0 {
		return false
	}
	// The rest is copied: an earlier message may share the array.
	o.operations = append(slices.Clone(o.operations[:at]), o.operations[at+1:]...)
	return true
}

func (o *outbox) cancel(id string) { o.cancelled = append(o.cancelled, id) }

// ids returns the names of the operations that are to be sent.
func (o *outbox) ids() map[string]bool {
	ids := make(map[string]bool, len(o.operations))
	for _, operation := range o.operations {
		ids[operation.GetRequestId()] = true
	}
	return ids
}

// next takes out as many operations as may travel together, and all that is to be cancelled; nil if
// there is nothing.
func (o *outbox) next() *edunnpb.ComputeRequest {
	if len(o.operations) == 0 && len(o.cancelled) == 0 {
		return nil
	}
	count, size := 0, 0
	for count < len(o.operations) && count < messageOperations {
		size += proto.Size(o.operations[count])
		if count > 0 && size > messageBytes {
			break
		}
		count++
	}
	request := &edunnpb.ComputeRequest{
		Operations: o.operations[:count:count], CancelledRequestIds: o.cancelled,
	}
	o.cancelled = nil
	if o.operations = o.operations[count:]; len(o.operations) == 0 {
		o.operations = nil
	}
	return request
}
