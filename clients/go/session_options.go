package edunn

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// SessionOption says something about a session to create.
type SessionOption interface {
	applyToSession(*edunnpb.CreateSessionRequest) error
}

type sessionOption func(*edunnpb.CreateSessionRequest) error

func (o sessionOption) applyToSession(request *edunnpb.CreateSessionRequest) error {
	return o(request)
}

// WithSeed sets the seed of everything random in the session; otherwise the service draws one. The
// same seed and the same calls give the same initial parameters and the same masks.
func WithSeed(seed uint64) SessionOption {
	return sessionOption(func(request *edunnpb.CreateSessionRequest) error {
		request.Seed = &seed
		return nil
	})
}

// WithTTL says how long the session outlives its last use; otherwise the service's default. None
// lives for ever: the service has a longest time.
func WithTTL(ttl time.Duration) SessionOption {
	return sessionOption(func(request *edunnpb.CreateSessionRequest) error {
		if ttl <= 0 || ttl == NoTimeout {
			return invalid("ttl", "%v is no time that a session can live for", ttl)
		}
		request.Ttl = durationpb.New(ttl)
		return nil
	})
}

// WithSessionID names the session: 1 to 64 characters out of letters, digits, "_", "-" and ".".
// Otherwise the service chooses a name that nobody can guess.
func WithSessionID(id string) SessionOption {
	return sessionOption(func(request *edunnpb.CreateSessionRequest) error {
		request.SessionId = id
		return nil
	})
}

// PhaseOption says in which phase to compute: all forwards of a session that name none, or one
// forward.
type PhaseOption Phase

// WithPhase chooses the phase. Without it a session's is [Training], a forward's that of
// [Layer.SetPhase], or else the session's.
func WithPhase(phase Phase) PhaseOption { return PhaseOption(phase) }

func (o PhaseOption) applyToSession(request *edunnpb.CreateSessionRequest) error {
	request.Phase = edunnpb.Phase(o)
	return nil
}

func (o PhaseOption) applyToForward(options *forwardOptions) { options.phase = Phase(o) }
