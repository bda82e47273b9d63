package bot

import (
	"fmt"
	"slices"
	"time"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/routing"
)

// request asks who gets a chat.
func request(c Chat, owner string, from int) routing.Request {
	return routing.Request{
		Rule: c.Place.Rule, Owner: owner, From: from, Asked: c.Place.Asked, Admins: len(c.Place.Asked) > 0,
	}
}

// offer decides who gets what a request is about, with what is known of the team.
func (b *builder) offer(r routing.Request) routing.Outcome {
	b.need(b.policy.Routing.Wants(r))
	return b.policy.Routing.Route(r, routing.Team{Agents: b.agents, Lines: b.lines}, b.in.At)
}

// route gives a chat to somebody, or lets it wait. After the last target those before the first are tried: who was not
// there when the chat came by may be there now.
func (b *builder) route(c Chat, from int, cause chat.Cause) {
	owner := b.opportunity(c.Opportunity).Owner
	out := b.offer(request(c, owner, from))
	if out.Agent == "" && from > 0 {
		out = b.offer(request(c, owner, 0))
	}
	c.Place.Passed = out.Passed
	if out.Agent == "" {
		b.wait(c, out)
		return
	}
	b.decision.Turns = append(b.decision.Turns, out.Turns...)
	c.Place.Step, c.Place.Target = out.Step, out.Target
	b.assign(c, out.Agent, cause)
}

// give assigns a chat to an agent by hand, whoever has it now.
func (b *builder) give(c Chat, agent string, cause chat.Cause) {
	b.free(c)
	c.Place.Step, c.Place.Target, c.Place.Passed = 0, "", nil
	c.Dialogue.Menu = nil
	b.assign(c, agent, cause)
}

// assign makes a chat an agent's, and tells everybody whom it concerns.
func (b *builder) assign(c Chat, agent string, cause chat.Cause) {
	c.Status, c.Agent = chat.ChatAssigned, agent
	c.Place.Since = b.in.At
	c.Place.Nth++
	b.changeChat(c)
	b.busier(agent, 1)
	b.own(c)
	b.decision.Assignments = append(b.decision.Assignments, Assignment{
		ID: newID("asg", c.ID, b.in.Key), ChatID: c.ID, At: b.in.At, Agent: agent, Place: c.Place, Cause: cause,
	})
	b.event(ChatAssigned, c.ID, assignedData{
		chatData: b.chatData(c), Agent: b.agentView(agent), Rule: optional(c.Place.Rule), Step: c.Place.Step, Target: optional(c.Place.Target),
	})
	b.notice(c, autoresponse.NoticeAssigned)
	b.tellAgent(c)
	b.acceptTimer(c)
}

// wait lets a chat wait for somebody to be available.
func (b *builder) wait(c Chat, out routing.Outcome) {
	if !out.NextAt.IsZero() {
		b.drainAt(out.NextAt)
	}
	since := c.Place.Since
	if c.Status != chat.ChatWaiting || since.IsZero() {
		since = b.in.At
	}
	c.Status, c.Agent = chat.ChatWaiting, ""
	c.Place = waitingPlace(c.Place, since)
	b.changeChat(c)
	b.event(ChatWaiting, c.ID, b.chatData(c))
	kind := autoresponse.NoticeWaiting
	if out.Closed {
		kind = autoresponse.NoticeClosed
	}
	b.notice(c, kind)
}

// notice says one of the configured messages to the lead, those of a wait once in a chat.
func (b *builder) notice(c Chat, kind autoresponse.Notice) {
	words := b.policy.Responses.Words(c.Number, kind, autoresponse.Values{
		Lead: b.lead, Opportunity: b.opportunity(c.Opportunity), Agent: c.Agent, Number: c.Number,
	})
	if words == "" || !b.fresh(c) || slices.Contains(c.Told, string(kind)) {
		return
	}
	if kind != autoresponse.NoticeAssigned {
		c.Told = append(c.Told[:len(c.Told):len(c.Told)], string(kind))
		b.changeChat(c)
	}
	b.say(c, string(kind)+"/"+b.in.Key, chat.Outgoing{Text: words, Until: c.SaidAt.Add(freshFor)})
}

// lose takes a chat from its agent, who did not answer or passes it on, and gives it to the next.
func (b *builder) lose(c Chat, cause chat.Cause) {
	agent, from := c.Agent, c.Place.Step
	b.free(c)
	c.Place.Asked = append(c.Place.Asked[:len(c.Place.Asked):len(c.Place.Asked)], routing.Asked{Agent: agent, At: b.in.At})
	c.Status, c.Agent = chat.ChatWaiting, ""
	c.Place = waitingPlace(c.Place, time.Time{})
	b.changeChat(c)
	b.event(ChatEscalated, c.ID, escalatedData{chatData: b.chatData(c), Agent: b.agentView(agent)})
	b.route(c, from, cause)
}

// answerDue is when the agent who has a chat should have answered; zero when they have, or may take for ever.
func (b *builder) answerDue(c Chat) time.Time {
	within := b.policy.Routing.AcceptWithin(c.Place.Rule)
	if within <= 0 || accepted(c) {
		return time.Time{}
	}
	return b.policy.Routing.Deadline(c.Agent, c.Place.Since, within)
}

// acceptTimer looks at a chat again when its agent should have answered. While the number is away nobody knows whether they
// have.
func (b *builder) acceptTimer(c Chat) {
	at := b.answerDue(c)
	if at.IsZero() {
		return
	}
	b.timerAt(NumberTimerDestination(c.Number), fmt.Sprintf("accept/%s/%d/%d", c.ID, c.Place.Nth, at.Unix()), "accept/"+c.ID,
		Timer{Kind: TimerAccept, ChatID: c.ID, Nth: c.Place.Nth}, at)
}

// acceptOver takes a chat from an agent who has not answered in time, by the configuration of today.
func (b *builder) acceptOver(c Chat, nth int) {
	if c.Status != chat.ChatAssigned || c.Place.Nth != nth {
		return
	}
	switch at := b.answerDue(c); {
	case at.IsZero():
	case at.After(b.in.At):
		b.acceptTimer(c)
	default:
		b.lose(c, chat.Cause{Kind: chat.CauseTimeout, By: "accept_within"})
	}
}

// busier counts the chats of an agent as they are afterwards.
func (b *builder) busier(agent string, by int) {
	b.need([]string{agent}, nil)
	state := b.agents[agent]
	state.Open += by
	b.agents[agent] = state
}

// agentView is an agent as the outside sees them now.
func (b *builder) agentView(name string) AgentView {
	available, _ := b.policy.Routing.Available(name, b.agents[name], b.in.At)
	return AgentView{Name: name, Available: available}
}
