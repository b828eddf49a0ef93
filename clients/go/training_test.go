package edunn_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/layers"
	"github.com/edunn/edunn-serving/clients/go/optimizers"
)

// classifier returns a layer for the digits, and a loss.
func classifier(t *testing.T, client *edunn.Client) (net, loss *edunn.Layer) {
	t.Helper()
	session := createSession(t, client, edunn.WithSeed(7))
	net, err := session.Add(t.Context(), "net", layers.Dense(64, 10).ActivationName("softmax"))
	must(t, err)
	loss, err = session.Add(t.Context(), "loss", layers.CrossEntropyWithLabels())
	must(t, err)
	return net, loss
}

func TestATrainingIsWatchedToItsEnd(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	net, loss := classifier(t, client)
	before, err := edunn.AsAll[float64](net.Parameters(t.Context()))
	must(t, err)
	seed := uint64(7)
	training, err := net.Fit(t.Context(), edunn.TrainingSpec{
		Dataset: "digits", Loss: loss, Optimizer: optimizers.Adam().Lr(0.01), Epochs: 2,
		ValidationShare: 0.2, Seed: &seed, Metrics: []string{"accuracy"},
		EarlyStopping: &edunn.EarlyStopping{Patience: 5}, Schedule: edunn.CosineSchedule{Share: 0.1},
	})
	must(t, err)
	var epochs []int
	var ended *edunn.TrainingInfo
	var last string
	for event, err := range training.Watch(t.Context(), "") {
		must(t, err)
		if event.Epoch != nil {
			epochs = append(epochs, event.Epoch.Epoch)
			last = event.ID
		}
		ended = event.Ended
	}
	if !slices.Equal(epochs, []int{1, 2}) || ended == nil ||
		ended.State != edunn.TrainingSucceeded || ended.Outcome != edunn.OutcomeApplied {
		t.Fatalf("got epochs %v, end %v", epochs, ended)
	}
	for event, err := range training.Watch(t.Context(), last) {
		must(t, err)
		if event.Epoch != nil {
			t.Errorf("an event came twice: %v", event)
		}
	}
	after, err := edunn.AsAll[float64](net.Parameters(t.Context()))
	must(t, err)
	for name := range after {
		if slices.Equal(before[name].Data, after[name].Data) {
			t.Errorf("%s is as before", name)
		}
	}

	again, err := client.TrainingJob(t.Context(), training.ID())
	must(t, err)
	info, err := again.Wait(t.Context())
	must(t, err)
	if accuracy := info.Epochs[1].Validation["accuracy"]; accuracy < 0.5 {
		t.Errorf("got an accuracy of %v", accuracy)
	}
	if _, err := again.Resume(t.Context()); !errors.Is(err, edunn.ErrTrainingEnded) {
		t.Errorf("got %v", err)
	}
	file, err := training.Model(t.Context())
	must(t, err)
	copied, err := net.Session().Import(t.Context(), "copy", file)
	must(t, err)
	same, err := edunn.AsAll[float64](copied.Parameters(t.Context()))
	must(t, err)
	for name := range after {
		if !slices.Equal(same[name].Data, after[name].Data) {
			t.Errorf("%s is another", name)
		}
	}
}

func TestATrainingIsCancelledAndResumed(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	net, loss := classifier(t, client)
	training, err := net.Fit(t.Context(), edunn.TrainingSpec{
		Dataset: "digits", Loss: loss, Optimizer: optimizers.GradientDescent().Lr(0.001),
		Epochs: 100000, BatchSize: 512,
	})
	must(t, err)
	for event, err := range training.Watch(t.Context(), "") {
		must(t, err)
		if event.Started != nil {
			_, err := training.Cancel(t.Context())
			must(t, err)
		}
		if event.Ended != nil && event.Ended.State != edunn.TrainingCancelled {
			t.Errorf("got %v", event.Ended)
		}
	}
	info, err := training.Resume(t.Context())
	must(t, err)
	if info.State.HasEnded() {
		t.Errorf("got %v", info)
	}
	_, err = training.Cancel(t.Context())
	must(t, err)
	_, err = training.Wait(t.Context())
	must(t, err)
}

func TestADataSetIsUploadedAndTrainedWith(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	random := rand.New(rand.NewPCG(1, 2))
	const samples = 70_000 // more than a chunk has room for
	x, y := make([]float32, 4*samples), make([]int64, samples)
	for at := range x {
		x[at] = random.Float32()
	}
	for at := range y {
		if x[4*at] > x[4*at+1] {
			y[at] = 1
		}
	}
	inputs, labels := edunn.NewTensor(x, samples, 4), edunn.NewTensor(y, samples)
	stored, err := client.UploadDataset(t.Context(), "of-go", inputs, labels, edunn.WithReplace())
	must(t, err)
	if stored.String() != "of-go: x float32[70000 4], y int64[70000]" || stored.Bundled {
		t.Errorf("got %v", stored)
	}
	again, err := client.UploadDataset(t.Context(), "of-go", inputs, labels)
	must(t, err)
	if again.Digest != stored.Digest || !again.CreateTime.Equal(stored.CreateTime) {
		t.Errorf("got %v after %v", again, stored)
	}
	_, err = client.UploadDataset(t.Context(), "of-go", labels, labels)
	if !errors.Is(err, edunn.ErrDatasetExists) {
		t.Errorf("got %v", err)
	}
	known, err := client.Datasets(t.Context())
	must(t, err)
	for _, name := range []string{"of-go", "digits"} {
		if !slices.ContainsFunc(known, func(d edunn.DatasetInfo) bool { return d.Name == name }) {
			t.Errorf("%s is not among %v", name, known)
		}
	}

	session := createSession(t, client)
	net, err := session.Add(t.Context(), "net", layers.Dense(4, 2).ActivationName("softmax"))
	must(t, err)
	loss, err := session.Add(t.Context(), "loss", layers.CrossEntropyWithLabels())
	must(t, err)
	training, err := net.Fit(t.Context(), edunn.TrainingSpec{
		Dataset: stored.Name, Loss: loss, Optimizer: optimizers.Adam(), Epochs: 1, BatchSize: 4096,
	})
	must(t, err)
	_, err = training.Wait(t.Context())
	must(t, err)
	found := false
	for info, err := range client.Trainings(t.Context()) {
		must(t, err)
		found = found || info.ID == training.ID() && info.Dataset == "of-go" && info.Layer == "net" &&
			info.State == edunn.TrainingSucceeded && info.SessionID == session.ID()
	}
	if !found {
		t.Error("the training is not listed")
	}
	must(t, client.DeleteDataset(t.Context(), "of-go"))
	if err := client.DeleteDataset(t.Context(), "of-go"); !errors.Is(err, edunn.ErrDatasetNotFound) {
		t.Errorf("got %v", err)
	}
	_, err = client.UploadDataset(t.Context(), "none", nil, labels)
	if !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

func TestATrainingThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	net, loss := classifier(t, client)
	spec := edunn.TrainingSpec{
		Dataset: "nowhere", Loss: loss, Optimizer: optimizers.Adam(), Epochs: 1,
	}
	if _, err := net.Fit(t.Context(), spec); !errors.Is(err, edunn.ErrDatasetNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := client.TrainingJob(t.Context(), "gone"); !errors.Is(err, edunn.ErrTrainingNotFound) {
		t.Errorf("got %v", err)
	}
	spec.Optimizer = nil
	if _, err := net.Fit(t.Context(), spec); !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

func TestALayerBecomesAFileAndBack(t *testing.T) {
	t.Parallel()
	client := connect(t, serviceAddress(t))
	net, _ := classifier(t, client)
	file, err := net.Export(t.Context())
	must(t, err)
	other := createSession(t, client, edunn.WithSeed(8))
	copied, err := other.Import(t.Context(), "net", file)
	must(t, err)
	if copied.Info().Type != "Dense" {
		t.Errorf("got %v", copied.Info())
	}
	expected, err := edunn.AsAll[float64](net.Parameters(t.Context()))
	must(t, err)
	found, err := edunn.AsAll[float64](copied.Parameters(t.Context()))
	must(t, err)
	for name := range expected {
		if !slices.Equal(found[name].Data, expected[name].Data) {
			t.Errorf("%s is another", name)
		}
	}
	if _, err := other.Import(t.Context(), "x", file[:9]); !errors.Is(err, edunn.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}
