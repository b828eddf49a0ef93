package edunn

import (
	"sync"
	"time"
)

// stall tells when a stream's operations have waited too long without a single answer. It calls
// expired from a goroutine of its own.
type stall struct {
	timeout time.Duration
	timer   *time.Timer

	mu sync.Mutex
	// since is when the wait for the next answer began; zero while no operation waits.
	since time.Time
}

func newStall(timeout time.Duration, expired func()) *stall {
	made := &stall{timeout: timeout}
	made.timer = time.AfterFunc(timeout, func() {
		if made.expired() {
			expired()
		}
	})
	made.timer.Stop()
	return made
}

// restart notes an answer, or the first operation, and whether operations wait now.
func (s *stall) restart(waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !waiting {
		s.since = time.Time{}
		s.timer.Stop()
		return
	}
	s.since = time.Now()
	s.timer.Reset(s.timeout)
}

// expired tells whether the wait has been too long. The timer may have fired just before a restart.
func (s *stall) expired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.since.IsZero() && time.Since(s.since) >= s.timeout
}
