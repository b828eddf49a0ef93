package edunn

import "github.com/edunn/edunn-serving/clients/go/edunnpb"

// Phase decides what a layer computes where training and use differ: Dropout drops numbers only in
// [Training].
type Phase int

// The phases. The zero Phase names none: a layer's forward then has the phase of
// [Layer.SetPhase], or else that of the session.
const (
	Training = Phase(edunnpb.Phase_PHASE_TRAINING)
	Test     = Phase(edunnpb.Phase_PHASE_TEST)
)

// String returns "training", "test", or "" for none.
func (p Phase) String() string {
	switch p {
	case Training:
		return "training"
	case Test:
		return "test"
	default:
		return ""
	}
}
