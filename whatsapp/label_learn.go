package whatsapp

import (
	"context"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
)

// hasLearned notes that the book says what the phone shows.
func (l *labels) hasLearned() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learned, l.blank = true, false
}

func (l *labels) hasItLearned() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.learned
}

// mayLearn reports whether it is time to ask the phone for its labels, and that somebody now does.
func (l *labels) mayLearn(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.learned || !due(l.learnAt, now) {
		return false
	}
	l.learnAt = time.Time{}
	return true
}

// learn brings the book up to what the phone shows. Nothing is learned before the first sync after the pairing, which
// tells everything by itself.
func (l *labels) learn(ctx context.Context, cli *whatsmeow.Client) {
	err := l.catchUp(ctx, cli)
	if err != nil && ctx.Err() == nil {
		l.log.Warn("labels of the phone not known yet, asking again", "number", l.number, "err", err)
	}
	l.mu.Lock()
	l.learnAt = time.Now().Add(labelsLearnedAgain)
	l.mu.Unlock()
	l.nudge()
}

// catchUp asks for what has changed since the book was written, and for everything when it was empty: the labels may
// have been off when WhatsApp told it.
func (l *labels) catchUp(ctx context.Context, cli *whatsmeow.Client) error {
	version, _, err := cli.Store.AppState.GetAppStateVersion(ctx, string(appstate.WAPatchRegular))
	if err != nil {
		return fmt.Errorf("look up the version of the labels: %w", err)
	}
	if version == 0 {
		return nil
	}
	if l.drain(ctx); l.waiting() {
		return nil
	}
	l.mu.Lock()
	blank := l.blank
	l.mu.Unlock()
	if err := cli.FetchAppState(ctx, appstate.WAPatchRegular, blank, false); err != nil {
		return fmt.Errorf("ask the phone for its labels: %w", err)
	}
	if !blank {
		l.hasLearned()
	}
	return nil
}
