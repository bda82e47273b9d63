package bot

import (
	"slices"

	"leadgate/chat"
)

// absorb makes the twin part of the lead: nothing of either is lost. The store moves what belonged to the twin.
func (b *builder) absorb(twin chat.Lead) {
	l := &b.lead
	if l.Phone == "" {
		l.Phone = twin.Phone
	}
	if l.LID == "" {
		l.LID = twin.LID
	}
	if l.Name == "" || twin.NameSet && !l.NameSet {
		l.Name, l.NameSet = twin.Name, twin.NameSet
	}
	if l.Source == "" || twin.Source != "" && twin.CreatedAt.Before(l.CreatedAt) {
		l.Source, l.FirstAd = twin.Source, twin.FirstAd
	}
	if l.LastSource == "" || twin.LastSource != "" && twin.TouchedAt.After(l.TouchedAt) {
		l.LastSource, l.TouchedAt = twin.LastSource, twin.TouchedAt
		if twin.Ad != nil {
			l.Ad = twin.Ad
		}
	}
	if l.Ad == nil {
		l.Ad = twin.Ad
	}
	if twin.CreatedAt.Before(l.CreatedAt) {
		l.CreatedAt = twin.CreatedAt
	}
	for name, value := range twin.Fields {
		if _, own := l.Fields[name]; !own {
			if l.Fields == nil {
				l.Fields = map[string]string{}
			}
			l.Fields[name] = value
		}
	}
	for _, n := range twin.Numbers {
		if !slices.Contains(l.Numbers, n) {
			l.Numbers = append(l.Numbers, n)
		}
	}
	b.decision.Lead, b.decision.Absorbed = l, twin.ID
	for i := range b.opportunities {
		b.opportunities[i].LeadID = l.ID
	}
	for i := range b.chats {
		b.chats[i].LeadID = l.ID
	}
	b.event(LeadMerged, "", mergedData{Number: optional(b.number), Lead: b.leadView(), MergedID: twin.ID})
	b.joinChats()
}

// joinChats leaves one open chat with each number: the one that has come further, else the older. The other is closed.
func (b *builder) joinChats() {
	for i := range b.chats {
		for j := i + 1; j < len(b.chats); j++ {
			first, second := &b.chats[i], &b.chats[j]
			if first.Number != second.Number || !first.Open() || !second.Open() {
				continue
			}
			if progress(*second) > progress(*first) {
				first, second = second, first
			}
			first.ActiveAt = latest(first.ActiveAt, second.ActiveAt)
			first.SaidAt = latest(first.SaidAt, second.SaidAt)
			first.WroteAt = latest(first.WroteAt, second.WroteAt)
			b.changeChat(*first)
			b.closeChat(*second, chat.Cause{Kind: chat.CauseManual, By: "merge"})
		}
	}
}

// progress ranks chats by how far they have come: somebody of the business has one, it waits for an agent, or its lead is still
// being asked.
func progress(c Chat) int {
	switch c.Status {
	case chat.ChatAssigned, chat.ChatTaken:
		return 2
	case chat.ChatWaiting:
		return 1
	}
	return 0
}
