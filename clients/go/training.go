package edunn

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"
	"sync"

	"google.golang.org/grpc/codes"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// TrainingSpec says what a training does. The same spec gives the same parameters, bit for bit, if
// it has a seed.
type TrainingSpec struct {
	// Dataset is the name of a data set: one of [Client.UploadDataset], or one that the service
	// brings, such as "digits".
	Dataset string
	// Loss is a loss layer of the same session.
	Loss *Layer
	// Optimizer says how a step changes the parameters.
	Optimizer Optimizer
	// Epochs is how often all samples are seen.
	Epochs int
	// BatchSize is how many samples make a step; 0 for the service's 32.
	BatchSize int
	// InOrder has every epoch see the samples in the same order.
	InOrder bool
	// ValidationShare is the share of the samples that are kept for validation.
	ValidationShare float64
	// Seed is that of everything random in the training; nil leaves it to the service.
	Seed *uint64
	// Metrics are measured besides the loss: "accuracy", "rmse", "mae".
	Metrics []string
	// EarlyStopping says when to stop before the last epoch; nil for never.
	EarlyStopping *EarlyStopping
	// Schedule says how the learning rate changes from epoch to epoch; nil for not at all.
	Schedule Schedule
	// ID is the training's name; empty for one of the client's.
	ID string
}

// EarlyStopping stops a training that no longer gets better.
type EarlyStopping struct {
	// Metric is what is watched, of validation if there is one; empty for the loss.
	Metric string
	// Patience is how many epochs without a better value are one too many.
	Patience int
	// MinDelta is by how much a value must be better.
	MinDelta float64
	// RestoreBest makes the parameters of the best epoch the result, not those of the last.
	RestoreBest bool
}

// Schedule changes the learning rate from epoch to epoch: a [StepSchedule] or a [CosineSchedule].
type Schedule interface {
	schedule() *edunnpb.LearningRateSchedule
}

// StepSchedule multiplies the learning rate by Factor after every Epochs epochs.
type StepSchedule struct {
	Epochs int
	Factor float64
}

// CosineSchedule lets the learning rate fall along half a cosine to a Share of what it was.
type CosineSchedule struct {
	Share float64
}

func (s StepSchedule) schedule() *edunnpb.LearningRateSchedule {
	return &edunnpb.LearningRateSchedule{Schedule: &edunnpb.LearningRateSchedule_Step{
		Step: &edunnpb.StepSchedule{Epochs: int64(s.Epochs), Factor: s.Factor},
	}}
}

func (s CosineSchedule) schedule() *edunnpb.LearningRateSchedule {
	return &edunnpb.LearningRateSchedule{Schedule: &edunnpb.LearningRateSchedule_Cosine{
		Cosine: &edunnpb.CosineSchedule{Share: s.Share},
	}}
}

// TrainingJob is a training, a job of the service, started by [Layer.Fit] or found by [Client.TrainingJob]. It goes on
// without this value. Goroutines may share it.
type TrainingJob struct {
	client *Client

	mu   sync.Mutex
	info TrainingInfo
}

// Fit starts a training of this layer at the service. The service trains a copy. At the end the
// layer gets its parameters, unless its own have changed meanwhile: [TrainingInfo.Outcome] tells.
func (l *Layer) Fit(ctx context.Context, spec TrainingSpec) (*TrainingJob, error) {
	message, err := spec.encode(l)
	if err != nil {
		return nil, err
	}
	// Named here, so that a repetition finds the training that the first attempt has made.
	id := spec.ID
	if id == "" {
		id = "t" + strconv.FormatUint(rand.Uint64(), 36)
	}
	client := l.session.client
	response, err := call(ctx, client, client.trainings.StartTraining,
		&edunnpb.StartTrainingRequest{Spec: message, TrainingId: id}, repeatable)
	if err != nil {
		return nil, err
	}
	return &TrainingJob{client: client, info: decodeTraining(response.GetTraining())}, nil
}

func (s TrainingSpec) encode(layer *Layer) (*edunnpb.TrainingSpec, error) {
	if s.Loss == nil {
		return nil, invalid("spec.loss", "is nil")
	}
	if s.Optimizer == nil {
		return nil, invalid("spec.optimizer", "is nil")
	}
	config, err := s.Optimizer.Config().encode("spec.optimizer.config")
	if err != nil {
		return nil, err
	}
	shuffle := !s.InOrder
	message := &edunnpb.TrainingSpec{
		SessionId:       layer.session.ID(),
		Layer:           layer.Name(),
		Loss:            s.Loss.Name(),
		Optimizer:       &edunnpb.OptimizerSpec{Type: s.Optimizer.Type(), Config: config},
		Dataset:         s.Dataset,
		Epochs:          int64(s.Epochs),
		BatchSize:       int64(s.BatchSize),
		Shuffle:         &shuffle,
		ValidationShare: s.ValidationShare,
		Seed:            s.Seed,
		Metrics:         s.Metrics,
	}
	if s.EarlyStopping != nil {
		message.EarlyStopping = &edunnpb.EarlyStopping{
			Metric: s.EarlyStopping.Metric, Patience: int64(s.EarlyStopping.Patience),
			MinDelta: s.EarlyStopping.MinDelta, RestoreBest: s.EarlyStopping.RestoreBest,
		}
	}
	if s.Schedule != nil {
		message.Schedule = s.Schedule.schedule()
	}
	return message, nil
}

// TrainingJob returns a training by its name.
func (c *Client) TrainingJob(ctx context.Context, id string) (*TrainingJob, error) {
	training := &TrainingJob{client: c, info: TrainingInfo{ID: id}}
	_, err := training.Refresh(ctx)
	return training, err
}

// Trainings yields the caller's trainings, the newest first, without what was measured of their
// epochs. Pages are asked for as they are needed.
func (c *Client) Trainings(ctx context.Context) iter.Seq2[TrainingInfo, error] {
	return func(yield func(TrainingInfo, error) bool) {
		request := &edunnpb.ListTrainingsRequest{PageSize: pageSize}
		for {
			response, err := call(ctx, c, c.trainings.ListTrainings, request, repeatable)
			if err != nil {
				yield(TrainingInfo{}, err)
				return
			}
			for _, training := range response.GetTrainings() {
				if !yield(decodeTraining(training), nil) {
					return
				}
			}
			request.PageToken = response.GetNextPageToken()
			if request.PageToken == "" {
				return
			}
		}
	}
}

// pageSize is how many trainings a page has.
const pageSize = 100

// ID returns the training's name.
func (t *TrainingJob) ID() string { return t.Info().ID }

// Info returns how the training stood when the service was last asked.
func (t *TrainingJob) Info() TrainingInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.info
}

// String names the training and its state.
func (t *TrainingJob) String() string { return "edunn.TrainingJob: " + t.Info().String() }

// Refresh asks how the training stands.
func (t *TrainingJob) Refresh(ctx context.Context) (TrainingInfo, error) {
	response, err := call(ctx, t.client, t.client.trainings.GetTraining,
		&edunnpb.GetTrainingRequest{TrainingId: t.ID()}, repeatable)
	return t.note(response.GetTraining(), err)
}

// Cancel ends the training within a batch; what it has computed stays, and it can be resumed. The
// answer may come before the end. A training that has ended stays as it is.
func (t *TrainingJob) Cancel(ctx context.Context) (TrainingInfo, error) {
	response, err := call(ctx, t.client, t.client.trainings.CancelTraining,
		&edunnpb.CancelTrainingRequest{TrainingId: t.ID()}, repeatable)
	return t.note(response.GetTraining(), err)
}

// Resume goes on with a training that was cancelled or has failed, from its last checkpoint.
func (t *TrainingJob) Resume(ctx context.Context) (TrainingInfo, error) {
	response, err := call(ctx, t.client, t.client.trainings.ResumeTraining,
		&edunnpb.ResumeTrainingRequest{TrainingId: t.ID()}, repeatable)
	return t.note(response.GetTraining(), err)
}

// Watch yields what happens to the training until it ends, from the event after the one named on;
// the empty name is before the first. A connection that breaks is made again, and no event is lost
// or comes twice.
func (t *TrainingJob) Watch(
	ctx context.Context, afterEventID string,
) iter.Seq2[TrainingEvent, error] {
	return func(yield func(TrainingEvent, error) bool) {
		after := afterEventID
		for {
			retries := newRetries(t.client, "WatchTraining", repeatable)
			err := t.watchOnce(ctx, after, func(event TrainingEvent) bool {
				after = event.ID
				retries = newRetries(t.client, "WatchTraining", repeatable)
				return yield(event, nil)
			})
			if err == nil {
				return
			}
			// The time of a call is for each outage anew.
			outage, cancel := t.client.settings.withDeadline(ctx)
			err = retries.pause(outage, t.client.judge(ctx, err, false))
			cancel()
			if err != nil {
				yield(TrainingEvent{}, err)
				return
			}
		}
	}
}

// watchOnce makes one call. It returns what has broken it; nil after the last event, and where
// nobody wants another one.
func (t *TrainingJob) watchOnce(
	ctx context.Context, after string, yield func(TrainingEvent) bool,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := t.client.trainings.WatchTraining(ctx,
		&edunnpb.WatchTrainingRequest{TrainingId: t.ID(), AfterEventId: after},
		t.client.settings.call...)
	for err == nil {
		var response *edunnpb.WatchTrainingResponse
		if response, err = events.Recv(); err == nil {
			event := decodeTrainingEvent(response.GetEvent())
			if event.Ended != nil {
				t.set(*event.Ended)
			}
			if !yield(event) {
				return nil
			}
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Wait waits until the training has ended. It returns the failure of one that has failed.
func (t *TrainingJob) Wait(ctx context.Context) (TrainingInfo, error) {
	for _, err := range t.Watch(ctx, "") {
		if err != nil {
			return t.Info(), err
		}
	}
	info, err := t.Refresh(ctx)
	switch {
	case err != nil:
		return info, err
	case info.Failure != nil:
		return info, info.Failure
	case !info.State.HasEnded():
		return info, &Error{Code: codes.FailedPrecondition, Message: "the training goes on"}
	default:
		return info, nil
	}
}

// Model returns the training's latest checkpoint as a model file: see [Layer.Export].
func (t *TrainingJob) Model(ctx context.Context) ([]byte, error) {
	return download(ctx, t.client, "DownloadModel", t.client.trainings.DownloadModel,
		&edunnpb.DownloadModelRequest{TrainingId: t.ID()})
}

func (t *TrainingJob) note(message *edunnpb.Training, err error) (TrainingInfo, error) {
	if err != nil {
		return TrainingInfo{}, err
	}
	info := decodeTraining(message)
	t.set(info)
	return info, nil
}

func (t *TrainingJob) set(info TrainingInfo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.info = info
}
