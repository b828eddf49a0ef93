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
// context.Canceled, and the cause that the context was cancelled with; status.Code returns the Code.
type Error struct {
	// Code is the gRPC status.
	Code codes.Code
	// Reason is the stable name of what went wrong; empty where there is none. An error that this
	// client has made has one too: a deadline, a cancellation, a service that cannot be reached.
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
	// cause is what ended the caller's context, where it says more than that it has ended.
	cause error
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

// Unwrap returns the cause of the context's end, as [context.Cause] has it; nil where there is none.
func (e *Error) Unwrap() error { return e.cause }

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

// noForward is the error for a backward that has nothing to go back through.
func noForward(format string, arguments ...any) *Error {
	return &Error{
		Code:    codes.FailedPrecondition,
		Reason:  ErrNoForward,
		Message: fmt.Sprintf(format, arguments...),
	}
}

// after returns the error of a call that ran out of time while it was tried again, with why.
func (e *Error) after(earlier *Error) *Error {
	later := *e
	later.details = nil
	later.Message = fmt.Sprintf("%s; before that: %s", e.Message, earlier.Message)
	return &later
}

// errorFrom returns a failed call's error as an *Error.
func errorFrom(err error) *Error {
	return errorFromStatus(status.Convert(err).Proto())
}

// callError returns a failed call's error as an *Error. Where the call's own context has ended, it
// wraps what ended it.
func callError(ctx context.Context, err error) *Error {
	failure := errorFrom(err)
	if ctx.Err() == nil || failure.Code != codes.Canceled && failure.Code != codes.DeadlineExceeded {
		return failure
	}
	if cause := context.Cause(ctx); cause != ctx.Err() {
		failure.cause = cause
		failure.Message = fmt.Sprintf("%s: %v", failure.Message, cause)
	}
	return failure
}

// errorFromOperation returns the error of one operation of a stream.
func errorFromOperation(from *edunnpb.OperationError) *Error {
	return errorFromStatus(&spb.Status{
		Code: from.GetCode(), Message: from.GetMessage(), Details: from.GetDetails(),
	})
}

// contextError returns why a context has ended.
func contextError(ctx context.Context) *Error {
	return callError(ctx, status.FromContextError(ctx.Err()).Err())
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
	if failure.Reason == "" {
		failure.Reason = reasonOf(failure)
	}
	return failure
}

// reasonOf names an error that gRPC itself has made.
func reasonOf(failure *Error) Reason {
	switch failure.Code {
	case codes.DeadlineExceeded:
		return ErrDeadlineExceeded
	case codes.Unavailable:
		return ErrUnavailable
	case codes.Canceled:
		return ErrCancelled
	case codes.ResourceExhausted:
		if strings.Contains(failure.Message, "larger than max") {
			return ErrTooLarge
		}
	}
	return ""
}
