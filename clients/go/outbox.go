package edunn

import (
	"google.golang.org/protobuf/proto"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Operations that wait together travel together, up to these limits.
const (
	messageOperations = 256
	messageBytes      = 4 << 20
)

// outbox holds the operations of a stream that are to be sent. It holds nothing back: whatever
// waits when the writer looks leaves at once.
type outbox struct {
	operations []*edunnpb.ComputeOperation
}

func (o *outbox) add(operation *edunnpb.ComputeOperation) {
	o.operations = append(o.operations, operation)
}

// next takes out as many operations as may travel together; nil if there are none.
func (o *outbox) next() *edunnpb.ComputeRequest {
	if len(o.operations) == 0 {
		return nil
	}
	count, size := 1, proto.Size(o.operations[0])
	for count < len(o.operations) && count < messageOperations {
		size += proto.Size(o.operations[count])
		if size > messageBytes {
			break
		}
		count++
	}
	request := &edunnpb.ComputeRequest{Operations: o.operations[:count:count]}
	if o.operations = o.operations[count:]; len(o.operations) == 0 {
		o.operations = nil
	}
	return request
}
