package edunn

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// TrainingState is where a training stands.
type TrainingState int

// The states of a training.
const (
	// TrainingQueued waits for a worker.
	TrainingQueued = TrainingState(edunnpb.TrainingState_TRAINING_STATE_QUEUED)
	// TrainingRunning computes.
	TrainingRunning = TrainingState(edunnpb.TrainingState_TRAINING_STATE_RUNNING)
	// TrainingSucceeded has ended with its last epoch, or by early stopping.
	TrainingSucceeded = TrainingState(edunnpb.TrainingState_TRAINING_STATE_SUCCEEDED)
	// TrainingFailed was ended by a fault. It can be resumed.
	TrainingFailed = TrainingState(edunnpb.TrainingState_TRAINING_STATE_FAILED)
	// TrainingCancelled was ended by its caller. It can be resumed.
	TrainingCancelled = TrainingState(edunnpb.TrainingState_TRAINING_STATE_CANCELLED)
)

// HasEnded tells whether nothing more will happen to the training unless it is resumed.
func (s TrainingState) HasEnded() bool { return s >= TrainingSucceeded }

// String returns the state's name, such as "running".
func (s TrainingState) String() string {
	names := []string{"unknown", "queued", "running", "succeeded", "failed", "cancelled"}
	if s < 0 || int(s) >= len(names) {
		return names[0]
	}
	return names[s]
}

// TrainingOutcome says what became of the parameters of a training that succeeded.
type TrainingOutcome int

// The outcomes of a training.
const (
	// OutcomeApplied: the session's layer has them.
	OutcomeApplied = TrainingOutcome(edunnpb.TrainingOutcome_TRAINING_OUTCOME_APPLIED)
	// OutcomeParametersChanged: the layer stays as it is, because its own have changed meanwhile.
	OutcomeParametersChanged = TrainingOutcome(
		edunnpb.TrainingOutcome_TRAINING_OUTCOME_PARAMETERS_CHANGED)
	// OutcomeSessionGone: the session or its layer is no more.
	OutcomeSessionGone = TrainingOutcome(edunnpb.TrainingOutcome_TRAINING_OUTCOME_SESSION_GONE)
)

// TrainingInfo is how a training stands.
type TrainingInfo struct {
	// ID is the training's name.
	ID string
	// SessionID, Layer and Dataset say what is trained with what.
	SessionID, Layer, Dataset string
	// Seed is the one given, or the one that the service drew.
	Seed uint64
	// CreateTime is when the training was asked for.
	CreateTime time.Time
	State      TrainingState
	// Outcome is zero unless the training has succeeded.
	Outcome TrainingOutcome
	// Failure is why it failed; nil if it did not.
	Failure *Error
	// Progress is how far it is.
	Progress TrainingProgress
	// Epochs are those that are done, in order: the last 1000 of them. A list of trainings has none.
	Epochs []EpochResult
	// BestEpoch is the epoch of which the parameters are the result, counted from 1; 0 before.
	BestEpoch int
	// StoppedEarly tells whether early stopping has ended it.
	StoppedEarly bool
}

// String names the training and its state.
func (i TrainingInfo) String() string { return fmt.Sprintf("training %s, %v", i.ID, i.State) }

// TrainingProgress is how far a training is.
type TrainingProgress struct {
	EpochsDone int
	// BatchesDone are those of the present epoch, of Batches.
	BatchesDone, Batches int
	// Loss is the mean loss of the present epoch so far.
	Loss float64
	// SamplesPerSecond counts computing time alone.
	SamplesPerSecond float64
	// TimeLeft is the computing time that is left, as it seems.
	TimeLeft time.Duration
	// Share is how much of the whole training is done, 0 to 1.
	Share float64
}

// String says how far the training is.
func (p TrainingProgress) String() string {
	return fmt.Sprintf("%d epochs and %d of %d batches done, loss %g", p.EpochsDone, p.BatchesDone,
		p.Batches, p.Loss)
}

// EpochResult is what was measured of an epoch.
type EpochResult struct {
	// Epoch counts from 1.
	Epoch int
	// Training has the loss and the metrics of the training samples, by name.
	Training map[string]float64
	// Validation has those of the validation samples; empty if there are none.
	Validation map[string]float64
	// LearningRate is that of the epoch.
	LearningRate float64
	// Duration is the computing time.
	Duration time.Duration
}

// String shows what was measured.
func (r EpochResult) String() string {
	return fmt.Sprintf("epoch %d: training %v, validation %v", r.Epoch, r.Training, r.Validation)
}

// TrainingStarted tells how a training begins.
type TrainingStarted struct {
	TrainingSamples, ValidationSamples int
	// EpochsDone are those of before, if it was resumed.
	EpochsDone int
}

// String says how many samples there are.
func (s TrainingStarted) String() string {
	return fmt.Sprintf("started on %d samples, validated by %d", s.TrainingSamples,
		s.ValidationSamples)
}

// TrainingEvent is something that happened to a training. One of its pointers is not nil.
type TrainingEvent struct {
	// ID is the event's place among those of its training: see [TrainingJob.Watch].
	ID   string
	Time time.Time
	// Started: the training began, or was resumed.
	Started *TrainingStarted
	// Progress: some batches are done.
	Progress *TrainingProgress
	// Epoch: an epoch is done.
	Epoch *EpochResult
	// Ended: the training has ended. It is the last event. [TrainingJob.Refresh] gives the epochs too.
	Ended *TrainingInfo
}

// String says what happened.
func (e TrainingEvent) String() string {
	switch {
	case e.Started != nil:
		return e.Started.String()
	case e.Progress != nil:
		return e.Progress.String()
	case e.Epoch != nil:
		return e.Epoch.String()
	case e.Ended != nil:
		return e.Ended.String()
	default:
		return "an event that this client does not know"
	}
}

func decodeTraining(message *edunnpb.Training) TrainingInfo {
	info := TrainingInfo{
		ID:           message.GetTrainingId(),
		SessionID:    message.GetSpec().GetSessionId(),
		Layer:        message.GetSpec().GetLayer(),
		Dataset:      message.GetSpec().GetDataset(),
		Seed:         message.GetSpec().GetSeed(),
		CreateTime:   timeOf(message.GetCreateTime()),
		State:        TrainingState(message.GetState()),
		Outcome:      TrainingOutcome(message.GetOutcome()),
		Progress:     decodeProgress(message.GetProgress()),
		Epochs:       each(message.GetEpochs(), decodeEpoch),
		BestEpoch:    int(message.GetBestEpoch()),
		StoppedEarly: message.GetStoppedEarly(),
	}
	if message.GetError() != nil {
		info.Failure = errorFromOperation(message.GetError())
	}
	return info
}

func decodeProgress(message *edunnpb.TrainingProgress) TrainingProgress {
	return TrainingProgress{
		EpochsDone:       int(message.GetEpochsDone()),
		BatchesDone:      int(message.GetBatchesDone()),
		Batches:          int(message.GetBatches()),
		Loss:             message.GetLoss(),
		SamplesPerSecond: message.GetSamplesPerSecond(),
		TimeLeft:         message.GetTimeLeft().AsDuration(),
		Share:            message.GetShare(),
	}
}

func decodeEpoch(message *edunnpb.EpochResult) EpochResult {
	return EpochResult{
		Epoch:        int(message.GetEpoch()),
		Training:     message.GetTraining(),
		Validation:   message.GetValidation(),
		LearningRate: message.GetLearningRate(),
		Duration:     message.GetDuration().AsDuration(),
	}
}

func decodeTrainingEvent(message *edunnpb.TrainingEvent) TrainingEvent {
	event := TrainingEvent{ID: message.GetEventId(), Time: timeOf(message.GetTime())}
	switch what := message.GetEvent().(type) {
	case *edunnpb.TrainingEvent_Started:
		event.Started = &TrainingStarted{
			TrainingSamples:   int(what.Started.GetTrainingSamples()),
			ValidationSamples: int(what.Started.GetValidationSamples()),
			EpochsDone:        int(what.Started.GetEpochsDone()),
		}
	case *edunnpb.TrainingEvent_Progress:
		progress := decodeProgress(what.Progress)
		event.Progress = &progress
	case *edunnpb.TrainingEvent_Epoch:
		epoch := decodeEpoch(what.Epoch)
		event.Epoch = &epoch
	case *edunnpb.TrainingEvent_Ended:
		ended := decodeTraining(what.Ended)
		event.Ended = &ended
	}
	return event
}

func timeOf(message *timestamppb.Timestamp) time.Time {
	if message == nil {
		return time.Time{}
	}
	return message.AsTime()
}
