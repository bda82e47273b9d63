package whatsapp

import (
	"fmt"
	"time"

	"leadgate/chat"
)

// A State says how a number stands with WhatsApp.
type State string

// The states of a number.
const (
	Connecting   State = "connecting"   // for the first time since the start or the pairing
	Connected    State = "connected"    // logged in
	Reconnecting State = "reconnecting" // the connection was lost or can't be made
	Unpaired     State = "unpaired"     // no phone has linked it
	Pairing      State = "pairing"      // it shows a code and waits for the phone
	LoggedOut    State = "logged_out"   // the phone or WhatsApp has unlinked it
	Replaced     State = "replaced"     // another program logged in with the same keys
	Outdated     State = "outdated"     // WhatsApp takes this version no more
	Banned       State = "banned"       // WhatsApp has banned the number for a while
	Refused      State = "refused"      // WhatsApp refuses the login for another reason
)

// States is every state.
func States() []State {
	return []State{Connecting, Connected, Reconnecting, Unpaired, Pairing, LoggedOut, Replaced, Outdated, Banned, Refused}
}

// Ready reports whether the daemon does all that it can for the number: it is connected, or waits for a person to pair it.
func (s State) Ready() bool {
	return s == Connected || s == Unpaired || s == Pairing || s == LoggedOut
}

// Status is how a number stands, for people.
type Status struct {
	Name      string
	Phone     chat.Phone
	State     State
	Sentence  string    // what the state means and what to do
	QR        string    // the text of the QR code that the phone is to scan; "" when it is not being paired
	Code      string    // the eight letters to type on the phone ("ABCD-EFGH"); "" when nobody asked for them
	LastError string    // the last thing that went wrong, "" for nothing yet; it stays when all is well again
	Since     time.Time // when the state began, UTC
	Missing   int       // messages that WhatsApp announced and nobody has handed over yet
}

// A ChangeKind names what the outside is told of a number's connection.
type ChangeKind string

// The kinds of changes.
const (
	ChangeConnected    ChangeKind = "connected"
	ChangeDisconnected ChangeKind = "disconnected"
	ChangeLoggedOut    ChangeKind = "logged_out"
)

// A Change is a change of a number's connection that is worth telling: a connection that comes back at once is none.
type Change struct {
	Number string
	Kind   ChangeKind
	Reason string // a sentence; "" when connected
	At     time.Time
}

// How long the states last that end by themselves.
const (
	// loginWithin bounds the time from dialling to being logged in: the pings that notice a dead connection take longer.
	loginWithin = time.Minute
	// reconnectFirst and reconnectLongest bound the growing delay between attempts: a number is back within a minute of
	// the network.
	reconnectFirst   = time.Second
	reconnectLongest = time.Minute
	// replacedFor is how long a number that another program pushed out stays away. Coming back at once would push that
	// one out in turn, and neither would work.
	replacedFor = 10 * time.Minute
	// refusedFirst and refusedLongest bound the delay after a refusal that WhatsApp does not explain.
	refusedFirst   = time.Minute
	refusedLongest = time.Hour
	// outdatedFor is how long a version that was refused waits: only an update, or a version looked up anew, helps.
	outdatedFor = time.Hour
	// bannedUnknown is the length of a ban of which WhatsApp names none.
	bannedUnknown = time.Hour
	// banMargin keeps the first login after a ban from coming a second too early.
	banMargin = 10 * time.Second
)

// line is a number's connection as a value: what is so, why, and when to dial. It reads no clock; every change is told
// the time. The zero line has never been anything.
type line struct {
	state    State
	why      string    // in the middle of the state's sentence; "" for nothing to add
	since    time.Time // when the state began
	dialAt   time.Time // when to dial; zero: not by itself
	loginBy  time.Time // dialled, and gives up then if it is not logged in; zero: not dialled
	failures int       // attempts in a row that failed
}

func (l *line) become(s State, why string, now time.Time) {
	if l.state != s {
		l.since = now
	}
	l.state, l.why, l.dialAt, l.loginBy = s, why, time.Time{}, time.Time{}
}

// linked begins to connect: the number has a device.
func (l *line) linked(now time.Time) {
	l.become(Connecting, "", now)
	l.failures, l.dialAt = 0, now
}

// unlinked waits for somebody to pair the number. A number that was logged out stays so, with its reason.
func (l *line) unlinked(now time.Time) {
	if l.state == LoggedOut {
		return
	}
	l.become(Unpaired, "", now)
}

// pairing shows codes.
func (l *line) pairing(now time.Time) {
	l.become(Pairing, "", now)
	l.dialAt = now
}

// dialled waits for the login.
func (l *line) dialled(now time.Time) { l.dialAt, l.loginBy = time.Time{}, now.Add(loginWithin) }

// again dials at once: WhatsApp asked for it.
func (l *line) again(now time.Time) { l.dialAt, l.loginBy = now, time.Time{} }

func (l *line) online(now time.Time) {
	l.become(Connected, "", now)
	l.failures = 0
}

// showing shows codes that WhatsApp gave.
func (l *line) showing(now time.Time) {
	l.become(Pairing, "", now)
	l.failures = 0
}

// lost dials again: at once after a connection that worked, then after delays that grow to reconnectLongest.
func (l *line) lost(why string, now time.Time) {
	delay := time.Duration(0)
	if l.failures > 0 {
		delay = growing(reconnectFirst, reconnectLongest, l.failures-1)
	}
	state := Reconnecting
	if l.state == Pairing {
		state = Pairing
	}
	l.become(state, why, now)
	l.failures, l.dialAt = l.failures+1, now.Add(delay)
}

func (l *line) loggedOut(why string, now time.Time) { l.become(LoggedOut, why, now) }

func (l *line) replaced(now time.Time) {
	l.become(Replaced, "", now)
	l.dialAt = now.Add(replacedFor)
}

func (l *line) outdated(version string, now time.Time) {
	l.become(Outdated, version, now)
	l.dialAt = now.Add(outdatedFor)
}

func (l *line) banned(why string, expire time.Duration, now time.Time) {
	if expire <= 0 {
		expire = bannedUnknown
	}
	l.become(Banned, why, now)
	l.dialAt = now.Add(expire + banMargin)
}

func (l *line) refused(why string, now time.Time) {
	l.become(Refused, why, now)
	l.dialAt = now.Add(growing(refusedFirst, refusedLongest, l.failures))
	l.failures++
}

// change is what the outside should know of the state; false when the state says nothing new to it.
func (l *line) change() (ChangeKind, bool) {
	switch l.state {
	case Connected:
		return ChangeConnected, true
	case LoggedOut:
		return ChangeLoggedOut, true
	case Replaced, Outdated, Banned, Refused:
		return ChangeDisconnected, true
	case Reconnecting:
		// The first attempt after a loss is made at once; only when it fails is the number really away.
		return ChangeDisconnected, l.failures > 1
	}
	return "", false
}

// sentence tells a person what the state means and what to do.
func (l *line) sentence(number string) string {
	when := l.dialAt.UTC().Format("15:04:05 MST")
	switch l.state {
	case Connecting:
		return "Connecting to WhatsApp."
	case Connected:
		return "Connected to WhatsApp."
	case Reconnecting:
		return fmt.Sprintf("Not connected: %s. leadgate keeps trying; nothing that is written meanwhile is lost.", l.why)
	case Unpaired:
		return fmt.Sprintf("Waiting to be paired: run `leadgate pair %s`, or ask for a code here, and link it on the phone.", number)
	case Pairing:
		if l.why != "" {
			return fmt.Sprintf("WhatsApp gives no code to scan yet: %s. leadgate keeps trying.", l.why)
		}
		return "Waiting for the phone: open WhatsApp, Linked devices, Link a device, and scan the code."
	case LoggedOut:
		return fmt.Sprintf("Logged out (%s). Pair it again with `leadgate pair %s`; its leads and what it has to send wait for that.", l.why, number)
	case Replaced:
		return fmt.Sprintf("Another program logged in as this linked device, so leadgate stepped back until %s. Run only one leadgate with one store.", when)
	case Outdated:
		return fmt.Sprintf("WhatsApp does not accept version %s any more: update leadgate. It tries again at %s with the newest version it can find.", l.why, when)
	case Banned:
		return fmt.Sprintf("WhatsApp has banned this number until about %s (%s). leadgate does not connect before that.", l.dialAt.UTC().Format("2006-01-02 15:04 MST"), l.why)
	case Refused:
		return fmt.Sprintf("WhatsApp refuses the login (%s). leadgate tries again at %s.", l.why, when)
	}
	return ""
}

// growing doubles first with every step and stops at longest.
func growing(first, longest time.Duration, steps int) time.Duration {
	delay := first
	for range steps {
		if delay *= 2; delay >= longest {
			return longest
		}
	}
	return delay
}
