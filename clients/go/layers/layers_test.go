package layers_test

import (
	"os"
	"reflect"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/layers"
)

func TestADescriptionIsTypeAndConfig(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec   edunn.LayerSpec
		config edunn.Config
	}{
		"Dropout": {layers.Dropout().P(0), edunn.Config{"p": 0.0}},
		"GELU":    {layers.GELU(), nil},
		"Conv2d": {
			layers.Conv2d(1, 2, layers.Pair(3, 4)).Stride(layers.Int(2)).Bias(true),
			edunn.Config{
				"in_channels": 1, "out_channels": 2, "kernel_size": []int{3, 4}, "stride": 2, "bias": true,
			},
		},
		"MeanError": {
			layers.MeanError(layers.SquaredError()),
			edunn.Config{"sample_error": edunn.Config{"type": "SquaredError"}},
		},
		"Sequential": {
			layers.Sequential(
				layers.Name("l1", layers.Linear(2, 1).Initializer(layers.Constant(0.5))).Frozen(),
				layers.Name("", layers.ReLU()),
			),
			edunn.Config{"layers": []edunn.Config{
				{
					"name": "l1", "type": "Linear", "frozen": true,
					"config": edunn.Config{
						"input_size": 2, "output_size": 1,
						"initializer": edunn.Config{"type": "Constant", "config": edunn.Config{"c": 0.5}},
					},
				},
				{"type": "ReLU"},
			}},
		},
	} {
		if test.spec.Type() != name || !reflect.DeepEqual(test.spec.Config(), test.config) {
			t.Errorf("%s: got %s %v", name, test.spec.Type(), test.spec.Config())
		}
	}
}

func TestAMethodLeavesItsDescriptionAlone(t *testing.T) {
	t.Parallel()
	half := layers.Dropout().P(0.5)
	_ = half.P(0.9)
	if half.Config()["p"] != 0.5 {
		t.Errorf("got %v", half.Config())
	}
}

func TestTheServiceTakesWhatIsDescribed(t *testing.T) {
	t.Parallel()
	address := os.Getenv("EDUNN_TARGET")
	if address == "" {
		t.Skip("no service: EDUNN_TARGET is not set")
	}
	client, err := edunn.NewClient(address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.CreateSession(t.Context(), edunn.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close(t.Context())
	net, err := session.Add(t.Context(), "net", layers.Sequential(
		layers.Name("l1", layers.Linear(2, 1).Initializer(layers.Constant(0.5))),
		layers.Name("d1", layers.Dropout().P(0)),
		layers.Name("b1", layers.Bias(1).Initializer(layers.One())),
	))
	if err != nil {
		t.Fatal(err)
	}
	x := edunn.NewTensor([]float64{1, 2, 3, 4}, 2, 2)
	y, err := edunn.As[float64](net.Forward(t.Context(), x))
	if err != nil || !reflect.DeepEqual(y.Data, []float64{2.5, 4.5}) {
		t.Errorf("got %v, %v", y, err)
	}
}
