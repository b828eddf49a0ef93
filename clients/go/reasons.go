package edunn

// Reason is the service's stable name for what went wrong. As a target of errors.Is it matches the
// errors of that reason.
type Reason string

// The reasons, with the gRPC status of each.
const (
	// ErrInvalidArgument: a malformed field, tensor, name or configuration. The error's Violations
	// name every field at fault. INVALID_ARGUMENT.
	ErrInvalidArgument Reason = "INVALID_ARGUMENT"

	// ErrLayerTypeNotFound: the catalogue has no such layer type. NOT_FOUND.
	ErrLayerTypeNotFound Reason = "LAYER_TYPE_NOT_FOUND"
	// ErrOptimizerTypeNotFound: the catalogue has no such optimizer type. NOT_FOUND.
	ErrOptimizerTypeNotFound Reason = "OPTIMIZER_TYPE_NOT_FOUND"
	// ErrSessionNotFound: no such session, or somebody else's. NOT_FOUND.
	ErrSessionNotFound Reason = "SESSION_NOT_FOUND"
	// ErrLayerNotFound: the session has no such layer. NOT_FOUND.
	ErrLayerNotFound Reason = "LAYER_NOT_FOUND"
	// ErrForwardNotFound: the layer has had no forward of that name. NOT_FOUND.
	ErrForwardNotFound Reason = "FORWARD_NOT_FOUND"

	// ErrDatasetNotFound: the service has no such data set, or it is somebody else's. NOT_FOUND.
	ErrDatasetNotFound Reason = "DATASET_NOT_FOUND"
	// ErrAssignmentNotFound: no such assignment, or not one of the caller's. NOT_FOUND.
	ErrAssignmentNotFound Reason = "ASSIGNMENT_NOT_FOUND"
	// ErrAttemptNotFound: no such attempt, or somebody else's. NOT_FOUND.
	ErrAttemptNotFound Reason = "ATTEMPT_NOT_FOUND"
	// ErrReportNotFound: the attempt has no such report. NOT_FOUND.
	ErrReportNotFound Reason = "REPORT_NOT_FOUND"
	// ErrServiceNotFound: a health check names a service that the server lacks. NOT_FOUND.
	ErrServiceNotFound Reason = "SERVICE_NOT_FOUND"
	// ErrTrainingNotFound: no such training, or somebody else's. NOT_FOUND.
	ErrTrainingNotFound Reason = "TRAINING_NOT_FOUND"

	// ErrTrainingEnded: the training has succeeded, so that there is nothing to resume.
	// FAILED_PRECONDITION.
	ErrTrainingEnded Reason = "TRAINING_ENDED"
	// ErrTrainingUnderWay: a training that has not ended needs the data set. FAILED_PRECONDITION.
	ErrTrainingUnderWay Reason = "TRAINING_UNDER_WAY"
	// ErrAssignmentClosed: the assignment is not open yet, or no longer. FAILED_PRECONDITION.
	ErrAssignmentClosed Reason = "ASSIGNMENT_CLOSED"
	// ErrAttemptExpired: the time for the attempt's answers is over. FAILED_PRECONDITION.
	ErrAttemptExpired Reason = "ATTEMPT_EXPIRED"
	// ErrDatabaseNewer: the database of grades is of a newer version than the service.
	// FAILED_PRECONDITION.
	ErrDatabaseNewer Reason = "DATABASE_NEWER"
	// ErrNoForward: a backward before any forward of its layer, or of its [Layer] value.
	// FAILED_PRECONDITION.
	ErrNoForward Reason = "NO_FORWARD"
	// ErrContextEvicted: the session's memory had no room left for that forward.
	// FAILED_PRECONDITION.
	ErrContextEvicted Reason = "CONTEXT_EVICTED"
	// ErrForwardStale: the parameters have changed since that forward. FAILED_PRECONDITION.
	ErrForwardStale Reason = "FORWARD_STALE"

	// ErrNoGradients: a step without gradients that backwards have kept. FAILED_PRECONDITION.
	ErrNoGradients Reason = "NO_GRADIENTS"
	// ErrNoOptimizer: the first step of a layer names no optimizer. FAILED_PRECONDITION.
	ErrNoOptimizer Reason = "NO_OPTIMIZER"
	// ErrNotFinite: a gradient has a NaN or an infinity. FAILED_PRECONDITION.
	ErrNotFinite Reason = "NOT_FINITE"

	// ErrDatasetExists: another data set has that name. ALREADY_EXISTS.
	ErrDatasetExists Reason = "DATASET_EXISTS"
	// ErrAnswersExist: the attempt has been answered with other values. ALREADY_EXISTS.
	ErrAnswersExist Reason = "ANSWERS_EXIST"
	// ErrTrainingExists: another training has that name. ALREADY_EXISTS.
	ErrTrainingExists Reason = "TRAINING_EXISTS"
	// ErrSessionExists: the session's name is taken. ALREADY_EXISTS.
	ErrSessionExists Reason = "SESSION_EXISTS"
	// ErrLayerExists: the session has a layer of that name. ALREADY_EXISTS.
	ErrLayerExists Reason = "LAYER_EXISTS"
	// ErrForwardExists: the forward of that name had other inputs. ALREADY_EXISTS.
	ErrForwardExists Reason = "FORWARD_EXISTS"
	// ErrStepExists: the step of that name had other contents. ALREADY_EXISTS.
	ErrStepExists Reason = "STEP_EXISTS"
	// ErrBackwardExists: the accumulating backward of that name had other contents. ALREADY_EXISTS.
	ErrBackwardExists Reason = "BACKWARD_EXISTS"

	// ErrQueueFull: more operations wait than the service takes. RESOURCE_EXHAUSTED.
	ErrQueueFull Reason = "QUEUE_FULL"
	// ErrQuota: the session or the caller has used up what it may. RESOURCE_EXHAUSTED.
	ErrQuota Reason = "QUOTA"
	// ErrStoreFull: the service's store of data sets and models has no room. RESOURCE_EXHAUSTED.
	ErrStoreFull Reason = "STORE_FULL"
	// ErrAttemptsUsedUp: the assignment allows no further attempt, or not yet. RESOURCE_EXHAUSTED.
	ErrAttemptsUsedUp Reason = "ATTEMPTS_USED_UP"
	// ErrTooLarge: a tensor or an operation is larger than the service takes. RESOURCE_EXHAUSTED.
	ErrTooLarge Reason = "TOO_LARGE"

	// ErrUnavailable: the service, its store or all its workers are away. UNAVAILABLE.
	ErrUnavailable Reason = "UNAVAILABLE"
	// ErrDeadlineExceeded: the deadline passed before the work was done. DEADLINE_EXCEEDED.
	ErrDeadlineExceeded Reason = "DEADLINE_EXCEEDED"
	// ErrCancelled: the caller has cancelled the call, or closed the client. CANCELLED.
	ErrCancelled Reason = "CANCELLED"
	// ErrUnauthenticated: no token, or none that the service knows. UNAUTHENTICATED.
	ErrUnauthenticated Reason = "UNAUTHENTICATED"
	// ErrPermissionDenied: the caller has none of the method's roles. PERMISSION_DENIED.
	ErrPermissionDenied Reason = "PERMISSION_DENIED"
	// ErrLayerTypeClosed: an assignment that is open for the student asks for this type of
	// layer or optimizer. PERMISSION_DENIED.
	ErrLayerTypeClosed Reason = "LAYER_TYPE_CLOSED"
	// ErrChallengeInput: an input is one of a challenge that somebody has still to answer.
	// PERMISSION_DENIED.
	ErrChallengeInput Reason = "CHALLENGE_INPUT"
	// ErrUnimplemented: the service has no such method. UNIMPLEMENTED.
	ErrUnimplemented Reason = "UNIMPLEMENTED"
	// ErrInternal: a fault of the service; the message has an id that its log has too. INTERNAL.
	ErrInternal Reason = "INTERNAL"
)

// Error returns the reason's name. It makes a Reason a target for errors.Is.
func (r Reason) Error() string { return string(r) }
