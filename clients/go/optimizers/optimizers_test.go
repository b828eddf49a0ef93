package optimizers_test

import (
	"reflect"
	"testing"

	edunn "github.com/edunn/edunn-serving/clients/go"
	"github.com/edunn/edunn-serving/clients/go/optimizers"
)

func TestADescriptionIsTypeAndConfig(t *testing.T) {
	t.Parallel()
	var adam edunn.Optimizer = optimizers.Adam().Lr(0.01).Betas([2]float64{0.5, 0.9})
	expected := edunn.Config{"lr": 0.01, "betas": [2]float64{0.5, 0.9}}
	if adam.Type() != "Adam" || !reflect.DeepEqual(adam.Config(), expected) {
		t.Errorf("got %s %v", adam.Type(), adam.Config())
	}
}

func TestAMethodLeavesItsDescriptionAlone(t *testing.T) {
	t.Parallel()
	slow := optimizers.GradientDescent().Lr(0.1)
	_ = slow.Lr(0.9)
	if slow.Config()["lr"] != 0.1 {
		t.Errorf("got %v", slow.Config())
	}
}
