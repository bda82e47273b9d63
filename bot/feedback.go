package bot

import (
	"fmt"

	"leadgate/chat"
	"leadgate/conversion"
)

// decideFeedback decides what the business's systems report of a lead's outcome. The same report again changes nothing.
func decideFeedback(p *Policy, in Input, s State) (Decision, error) {
	given := *in.Feedback
	if s.Feedback != nil {
		return Decision{}, nil
	}
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("feedback %q: %w", given.ExternalID, ErrNoLead)
	}
	b := newBuilder(p, in, s, in.At, "")
	given.ID, given.LeadID = newID("fb", given.ExternalID), b.lead.ID
	b.decision.Feedback = &given
	if given.Kind == FeedbackConversion && p.FeedbackStage != "" {
		if funnel := b.funnelOf(p.FeedbackStage); funnel != "" {
			cause := chat.Cause{Kind: chat.CauseConversion, By: given.Cause.By}
			c, err := p.Conversion.Move(funnel, p.FeedbackStage, cause, in.At, conversion.State{Lead: b.lead, Transitions: b.transitions})
			if err != nil {
				return Decision{}, fmt.Errorf("feedback %q: %w: %w", given.ExternalID, ErrInvalid, err)
			}
			b.transit(c.Transitions, in.Key)
		}
	}
	b.event(FeedbackRecorded, "", feedbackData{Feedback: ViewFeedback(given), Lead: b.leadView()})
	return b.done(), nil
}
