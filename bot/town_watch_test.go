package bot_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/opportunity"
	"leadgate/routing"
	"leadgate/store"
)

// watched is a store of whose decisions a town sees what they may not do, and that fails when it is told to: its process
// dies before a commit or after it, and what is not acknowledged comes again.
type watched struct {
	*store.Store
	town *town
}

// Update implements bot.Store.
func (s *watched) Update(ctx context.Context, in bot.Input, decide func(bot.State) bot.Decision) error {
	before := s.town.kept()
	var state bot.State
	var decision bot.Decision
	decided := false
	once := func(given bot.State) bot.Decision {
		d := decide(given)
		if again := decide(given); !reflect.DeepEqual(d, again) {
			s.town.t.Fatalf("input %q is decided as\n%+v\nand then as\n%+v", in.Key, d, again)
		}
		state, decision, decided = given, d, true
		return d
	}
	for s.town.crash() == 1 {
		s.dies(ctx, in, once)
	}
	err := s.Store.Update(ctx, in, once)
	if err == nil && s.town.crash() == 2 {
		err = s.Store.Update(ctx, in, func(bot.State) bot.Decision {
			if !decision.Refused {
				s.town.t.Fatalf("input %q was committed and is decided again", in.Key)
			}
			return decide(state)
		})
	}
	if err == nil && decided && !decision.Refused {
		s.town.allows(in, state, decision, before)
	}
	return err
}

// powerCut is a process that ends in the middle of a transaction.
type powerCut struct{}

// dies lets the process die after a decision and before its commit.
func (s *watched) dies(ctx context.Context, in bot.Input, decide func(bot.State) bot.Decision) {
	defer func() {
		if r := recover(); r != nil && r != (powerCut{}) {
			panic(r)
		}
	}()
	_ = s.Store.Update(ctx, in, func(given bot.State) bot.Decision {
		if d := decide(given); !d.Needs.None() {
			return d
		}
		panic(powerCut{})
	})
}

// inventory is how much of everything is kept.
type inventory struct{ transitions, opportunities, chats, events int }

func (w *town) kept() inventory {
	return inventory{
		w.count(`SELECT count(*) FROM transition`), w.count(`SELECT count(*) FROM opportunity`),
		w.count(`SELECT count(*) FROM chat`), w.count(`SELECT count(*) FROM event`),
	}
}

// allows checks what no decision may do.
func (w *town) allows(in bot.Input, s bot.State, d bot.Decision, before inventory) {
	if after := w.kept(); after.transitions < before.transitions || after.opportunities < before.opportunities ||
		after.chats < before.chats || after.events < before.events {
		w.t.Fatalf("input %q leaves %+v of %+v", in.Key, after, before)
	}
	w.notBackwards(in, s, d)
	for _, a := range d.Assignments {
		if in.Order != nil && in.Order.Do == bot.AssignChat {
			continue // by hand whoever it is
		}
		if !works(w.business.team, a.Agent, w.now) || w.away[a.Agent].After(w.now) {
			w.t.Fatalf("at %s input %q gives a chat to %s, who is not there (away until %s)", w.now, in.Key, a.Agent, w.away[a.Agent])
		}
		has := w.count(`SELECT count(*) FROM chat WHERE status = 'assigned' AND agent = $1`, a.Agent)
		if most := capacity(w.business.team, a.Agent); most > 0 && has > most {
			w.t.Fatalf("input %q gives %s a chat, who has %d of %d then", in.Key, a.Agent, has, most)
		}
	}
}

// notBackwards checks that opportunities are moved backwards by hand alone.
func (w *town) notBackwards(in bot.Input, s bot.State, d bot.Decision) {
	if in.Change != nil {
		return
	}
	for _, o := range d.Opportunities {
		i := slices.IndexFunc(s.Opportunities, func(before opportunity.Opportunity) bool { return before.ID == o.ID })
		if i >= 0 && slices.Index(board(), o.Stage) < slices.Index(board(), s.Opportunities[i].Stage) {
			w.t.Fatalf("input %q moves an opportunity from %s to %s", in.Key, s.Opportunities[i].Stage, o.Stage)
		}
	}
}

// mayBeTold checks that a lead is told nothing automatic after somebody has taken over, or the chat has ended.
func (w *town) mayBeTold(number string, d delivery.Delivery) {
	const query = `SELECT status, wrote_at > said_at AS answered FROM chat
		WHERE closed_at IS NULL AND number = $1 AND lead = COALESCE((SELECT lead FROM alias WHERE name = $2), $2)`
	open := w.lines(query, number, d.Lane)
	if len(open) != 1 || strings.Contains(open[0], "status=taken") || strings.Contains(open[0], "answered=1") {
		w.t.Fatalf("at %s %q is sent (%s), and the chat is %q", w.now, d.Key, d.Body, open)
	}
}

// check looks whether all is as it must be whenever nothing is due.
func (w *town) check() {
	w.nobodyWaitsInVain()
	for what, query := range map[string]string{
		"open chats of one lead with one number":  `SELECT lead, number FROM chat WHERE closed_at IS NULL GROUP BY lead, number HAVING count(*) > 1`,
		"chats about somebody else's opportunity": `SELECT c.id FROM chat c JOIN opportunity o ON o.id = c.opportunity WHERE o.lead <> c.lead`,
		"messages to a lead whose chat was taken over": `SELECT d.key FROM delivery d JOIN lane l ON l.id = d.lane
			JOIN chat c ON d.destination = 'whatsapp:' || c.number AND c.lead = COALESCE((SELECT a.lead FROM alias a WHERE a.name = l.key), l.key)
			WHERE d.state = 'pending' AND c.closed_at IS NULL AND (c.status = 'taken' OR c.wrote_at > c.said_at)`,
		"menus too many": fmt.Sprintf(`SELECT b.chat, b.menu, count(*) AS n FROM (
			SELECT json_extract(CAST(body AS TEXT), '$.data.chat.id') AS chat, json_extract(CAST(body AS TEXT), '$.data.menu') AS menu
			FROM event WHERE type = 'menu.sent') b
			GROUP BY b.chat, b.menu HAVING count(*) > %d`, 1+mostReminded+w.oldTaps()),
	} {
		if wrong := w.lines(query); len(wrong) > 0 {
			w.t.Fatalf("at %s there are %s: %q", w.now, what, wrong)
		}
	}
}

// oldTaps are the taps on menus of other chats, each of which may have the menu of today sent.
func (w *town) oldTaps() (n int) {
	for _, taps := range w.old {
		n += taps
	}
	return n
}

// nobodyWaitsInVain checks that no chat waits while somebody of its chain is there for it.
func (w *town) nobodyWaitsInVain() {
	ctx := context.Background()
	waiting, err := w.store.Chats(ctx, store.ChatFilter{Status: chat.ChatWaiting}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(waiting) == 0 {
		return
	}
	states, err := w.store.AgentStates(ctx, agents())
	if err != nil {
		w.t.Fatal(err)
	}
	lines, err := w.store.Turns(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range waiting {
		owner := ""
		if c.Opportunity != "" {
			all, err := w.store.Opportunities(ctx, store.OpportunityFilter{ID: c.Opportunity}, 1)
			if err != nil || len(all) != 1 {
				w.t.Fatal(all, err)
			}
			owner = all[0].Owner
		}
		request := routing.Request{Rule: c.Place.Rule, Owner: owner, Asked: c.Place.Asked, Admins: len(c.Place.Asked) > 0}
		if out := w.business.policy.Routing.Route(request, routing.Team{Agents: states, Lines: lines}, w.now); out.Agent != "" {
			w.t.Fatalf("at %s chat %s waits by rule %q while %s is there (%s)", w.now, c.ID, c.Place.Rule, out.Agent, out.Target)
		}
	}
}
