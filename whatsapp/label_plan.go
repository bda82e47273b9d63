package whatsapp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types"

	"leadgate/chat"
)

// labelPlan is what has to change so that a chat carries the label that it shall.
type labelPlan struct {
	make    *chat.PhoneLabel // the label that there must be first; nil: it is there
	changes []labelled       // in the order in which they are made
	full    bool             // the label can't be made: the phone has as many as WhatsApp allows
}

// labelled says that a label is to be on a chat, or off it, and whether it was on it.
type labelled struct {
	jid     types.JID
	labelID string
	on, was bool
}

// planLabels plans the labelling of a chat. Known is what the number's phone has; chats are the names of the chat, the one
// under which WhatsApp shows it now first, each with the ids of its labels. Unsure changes are all made, also those that
// seem to be so already: an attempt before may have ended between the book and the phone.
func planLabels(known []chat.PhoneLabel, chats []labelledChat, want chat.Labelling, unsure bool) labelPlan {
	var plan labelPlan
	target := ""
	if strings.TrimSpace(want.Label) != "" {
		if label := findLabel(known, want.Label, chats); label != nil {
			target = label.ID
		} else if plan.make = newLabel(known, want.Label); plan.make != nil {
			target = plan.make.ID
		} else {
			plan.full = true
		}
	}
	for _, label := range known {
		named := func(other string) bool { return sameLabel(label.Name, other) }
		if label.Deleted || label.ID == target || !slices.ContainsFunc(want.Others, named) {
			continue
		}
		for i, c := range chats {
			if was := slices.Contains(c.labels, label.ID); was || unsure && i == 0 {
				plan.changes = append(plan.changes, labelled{jid: c.jid, labelID: label.ID, was: was})
			}
		}
	}
	carried := slices.ContainsFunc(chats, func(c labelledChat) bool { return slices.Contains(c.labels, target) })
	if target != "" && (!carried || unsure) {
		first := chats[0]
		plan.changes = append(plan.changes, labelled{first.jid, target, true, slices.Contains(first.labels, target)})
	}
	return plan
}

// labelledChat is a name of a chat and what it carries under that name.
type labelledChat struct {
	jid    types.JID
	labels []string // ids
}

// findLabel is the label of a name: exactly so spelled, else as people spell it. Of several it is the one that the chat
// carries, else the oldest.
func findLabel(known []chat.PhoneLabel, name string, chats []labelledChat) *chat.PhoneLabel {
	rank := func(label chat.PhoneLabel) int {
		rank := 0
		if label.Name != name {
			rank += 2
		}
		if !slices.ContainsFunc(chats, func(c labelledChat) bool { return slices.Contains(c.labels, label.ID) }) {
			rank++
		}
		return rank
	}
	var found []chat.PhoneLabel
	for _, label := range known {
		if !label.Deleted && sameLabel(label.Name, name) {
			found = append(found, label)
		}
	}
	if len(found) == 0 {
		return nil
	}
	best := slices.MinFunc(found, func(a, b chat.PhoneLabel) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(labelNumber(a.ID), labelNumber(b.ID)), strings.Compare(a.ID, b.ID))
	})
	return &best
}

// sameLabel reports whether two names are one to people.
func sameLabel(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// newLabel is a label that the phone does not have yet, nil when it can have no more.
func newLabel(known []chat.PhoneLabel, name string) *chat.PhoneLabel {
	alive, last := 0, 0
	for _, label := range known {
		if !label.Deleted {
			alive++
		}
		last = max(last, labelNumber(label.ID))
	}
	if alive >= labelsAtMost {
		return nil
	}
	return &chat.PhoneLabel{ID: strconv.Itoa(last + 1), Name: strings.TrimSpace(name), Colour: int32(last % labelColours)}
}

// labelNumber is a label's id as the number that the app counts with, 0 for one that is none.
func labelNumber(id string) int {
	n, err := strconv.ParseInt(id, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int(n)
}

// patch is the plan as one change of app state, made at a time.
func (p labelPlan) patch(at time.Time) appstate.PatchInfo {
	patch := appstate.PatchInfo{Type: appstate.WAPatchRegular, Timestamp: at}
	if p.make != nil {
		patch.Mutations = appstate.BuildLabelEdit(p.make.ID, p.make.Name, p.make.Colour, false).Mutations
	}
	for _, change := range p.changes {
		patch.Mutations = append(patch.Mutations, appstate.BuildLabelChat(change.jid, change.labelID, change.on).Mutations...)
	}
	return patch
}
