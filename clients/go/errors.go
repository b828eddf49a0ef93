package edunn

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// Error is a call that the service refused or could not finish, or that this client refused to
// send. Whatever takes a context fails with one, or with an error that wraps one:
//
//	var failure *edunn.Error
//	if errors.As(err, &failure) { ... failure.Violations ... }
//	if errors.Is(err, edunn.ErrForwardStale) { ... }
//
// Of an error of the right kind, errors.Is also reports context.DeadlineExceeded and
// context.Canceled, and status.Code returns the Code.
type Error struct {
	// Code is the gRPC status.
	Code codes.Code
	// Reason is the service's name for what went wrong; empty where it gave none.
	Reason Reason
	// Message says what went wrong, in the service's words.
	Message string
	// Violations are the fields of the request at fault.
	Violations []Violation
	// RetryDelay is how long to wait before trying again may help; nil where the service named no
	// time.
	RetryDelay *time.Duration
	// Metadata has the variable parts of the message.
	Metadata map[string]string

	// details is the status as it came, for GRPCStatus.
	details *spb.Status
}

// Violation is one field of a request at fault.
type Violation struct {
	// Field is the field in the caller's terms, such as "layer.config.p".
	Field string
	// Description says what is wrong with it.
	Description string
}

// Error returns the message, what it leaves out about the fields at fault, and the reason.
func (e *Error) Error() string {
	parts := []string{e.Message}
	for _, violation := range e.Violations {
		if !strings.Contains(e.Message, violation.Description) {
			parts = append(parts, violation.Field+": "+violation.Description)
		}
	}
	return fmt.Sprintf("edunn: %s [%s]", strings.Join(parts, "; "), e.name())
}

// Is makes errors.Is know an error by its [Reason], and the context's errors by their statuses.
func (e *Error) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.Code == codes.DeadlineExceeded
	case context.Canceled:
		return e.Code == codes.Canceled
	}
	return target == e.name()
}

// GRPCStatus returns the error as gRPC has it; status.FromError and status.Code call it.
func (e *Error) GRPCStatus() *status.Status {
	if e.details != nil {
		return status.FromProto(e.details)
	}
	return status.New(e.Code, e.Message)
}

// name is the reason, or where none was given that of the status itself.
func (e *Error) name() Reason {
	if e.Reason != "" {
		return e.Reason
	}
	return Reason(code.Code(e.Code).String())
}

// invalid is the error for an argument that cannot be sent.
func invalid(field, format string, arguments ...any) *Error {
	description := fmt.Sprintf(format, arguments...)
	return &Error{
		Code:       codes.InvalidArgument,
		Reason:     ErrInvalidArgument,
		Message:    field + ": " + description,
		Violations: []Violation{{Field: field, Description: description}},
	}
}

// errorFrom returns a failed call's error as an *Error.
func errorFrom(err error) *Error {
	return errorFromStatus(status.Convert(err).Proto())
}

// errorFromOperation returns the error of one operation of a stream.
func errorFromOperation(from *edunnpb.OperationError) *Error {
	return errorFromStatus(&spb.Status{
		Code: from.GetCode(), Message: from.GetMessage(), Details: from.GetDetails(),
	})
}

// contextError returns why a context has ended.
func contextError(ctx context.Context) *Error {
	return errorFrom(status.FromContextError(ctx.Err()).Err())
}

func errorFromStatus(from *spb.Status) *Error {
	failure := &Error{
		Code:    codes.Code(from.GetCode()),
		Message: from.GetMessage(),
		details: from,
	}
	for _, detail := range from.GetDetails() {
		message, err := detail.UnmarshalNew()
		if err != nil {
			// A detail of a kind that this client does not know.
			continue
		}
		switch detail := message.(type) {
		case *errdetails.ErrorInfo:
			failure.Reason = Reason(detail.GetReason())
			failure.Metadata = detail.GetMetadata()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				failure.Violations = append(failure.Violations,
					Violation{violation.GetField(), violation.GetDescription()})
			}
		case *errdetails.RetryInfo:
			delay := detail.GetRetryDelay().AsDuration()
			failure.RetryDelay = &delay
		}
	}
	return failure
}
