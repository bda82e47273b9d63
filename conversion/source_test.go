package conversion

import (
	"testing"

	"leadgate/chat"
)

// openShop registers everybody in its second funnel.
func openShop() Config {
	config := shop()
	config.Funnels[1].UntrackedLeads = true
	return config
}

func TestUntracked(t *testing.T) {
	const entersSupport = "Support:  -> Question (untracked Untracked)"
	for _, c := range []struct {
		name string
		play func(*story)
	}{
		{"any message registers the person", func(s *story) {
			s.lead(0, "What does it cost?")
			s.wantChanges("touch untracked Untracked", entersSupport)
		}},
		{"a message without text registers the person", func(s *story) {
			s.lead(0, "")
			s.wantChanges("touch untracked Untracked", entersSupport)
		}},
		{"what the business writes registers nobody", func(s *story) {
			s.business(0, "Hello")
			s.wantChanges()
		}},
		{"who is registered already is not touched", func(s *story) {
			s.lead(0, "What does it cost?")
			s.lead(1, "Hello?")
			s.wantChanges()
		}},
		{"an earlier message that arrives late registers nobody again", func(s *story) {
			s.lead(5, "What does it cost?")
			s.lead(4, "Hello")
			s.wantChanges()
		}},
		{"a link that opened the chat is the source", func(s *story) {
			m := s.message(chat.Inbound, 0, "Hi")
			m.FromLink = true
			s.play(m)
			s.wantChanges("touch untracked wa.me link", "Support:  -> Question (untracked wa.me link)")
		}},
		{"a link brings nobody again", func(s *story) {
			s.lead(0, "Hi")
			m := s.message(chat.Inbound, 1, "Hi")
			m.FromLink = true
			s.play(m)
			s.wantChanges()
		}},
		{"a phrase in the message still names the source, in every funnel", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.wantChanges("touch phrase Instagram", entersSales, "Support:  -> Question (untracked Instagram)")
		}},
		{"a phrase of the funnel itself is the cause", func(s *story) {
			s.lead(0, "I need help")
			s.wantChanges("touch phrase Help page", "Support:  -> Question (inbound_phrase Help page)")
		}},
		{"a phrase names the source though a link opened the chat", func(s *story) {
			m := s.message(chat.Inbound, 0, "I need help")
			m.FromLink = true
			s.play(m)
			s.wantChanges("touch phrase Help page", "Support:  -> Question (inbound_phrase Help page)")
		}},
		{"an ad in the message still names the source", func(s *story) {
			m := s.message(chat.Inbound, 0, "Hi")
			m.Ad = &chat.Ad{ClickID: "x"}
			s.play(m)
			s.wantChanges("touch ad Meta Ads", "Sales:  -> Lead Entry (ad Meta Ads)", "Support:  -> Question (untracked Meta Ads)")
		}},
		{"who has a source keeps it when they enter another funnel untracked", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.state.Transitions = s.state.Transitions[:1]
			s.lead(1, "Hello")
			s.wantChanges("Support:  -> Question (untracked Untracked)")
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.play(tell(t, openShop())) })
	}
}

func TestAd(t *testing.T) {
	const entersByAd = "Sales:  -> Lead Entry (ad Meta Ads)"
	ad := func(s *story, at int, text string, ad chat.Ad) {
		m := s.message(chat.Inbound, at, text)
		m.Ad = &ad
		s.play(m)
	}
	first, second := chat.Ad{SourceID: "1", ClickID: "x", Headline: "Book now"}, chat.Ad{SourceID: "1", ClickID: "y"}
	for _, c := range []struct {
		name string
		play func(*story)
	}{
		{"an ad without a phrase registers the lead in the first funnel", func(s *story) {
			ad(s, 0, "Hi", first)
			s.wantChanges("touch ad Meta Ads", entersByAd)
		}},
		{"the ad's details go with the touch", func(s *story) {
			ad(s, 0, "Hi", first)
			if got := s.last.Touch; got == nil || got.Ad == nil || *got.Ad != first {
				s.Errorf("the touch is %+v, want the ad %+v in it", got, first)
			}
		}},
		{"an ad without a card registers the lead too", func(s *story) {
			ad(s, 0, "Hi", chat.Ad{})
			s.wantChanges("touch ad Meta Ads", entersByAd)
		}},
		{"a phrase beside the ad names the source, and the ad is kept", func(s *story) {
			ad(s, 0, "I came from Instagram", first)
			s.wantChanges("touch phrase Instagram", entersSales)
			if got := s.last.Touch; got.Ad == nil || *got.Ad != first {
				s.Errorf("the touch is %+v, want the ad %+v in it", got, first)
			}
		}},
		{"a phrase of another funnel beside the ad leads into that funnel only", func(s *story) {
			ad(s, 0, "I need help", first)
			s.wantChanges("touch phrase Help page", "Support:  -> Question (inbound_phrase Help page)")
		}},
		{"the card of the same click sticks to later messages and means nothing", func(s *story) {
			ad(s, 0, "I need help", first)
			ad(s, 1, "Hello?", first)
			s.wantChanges()
		}},
		{"another click of who is in the funnel is a return", func(s *story) {
			ad(s, 0, "Hi", first)
			s.business(1, "Payment received")
			ad(s, 2, "Hi again", second)
			s.wantChanges("touch ad Meta Ads", "returned")
			s.wantStage("Sales", "Sale")
		}},
		{"the first click of who came by a phrase is a return", func(s *story) {
			s.lead(0, "I came from Instagram")
			ad(s, 1, "Hi", first)
			s.wantChanges("touch ad Meta Ads", "returned")
		}},
		{"a mark without a card proves no other click", func(s *story) {
			ad(s, 0, "Hi", first)
			ad(s, 1, "Hi", chat.Ad{})
			s.wantChanges()
		}},
		{"another click with a phrase of another funnel is a return to the first and an entry there", func(s *story) {
			ad(s, 0, "Hi", first)
			ad(s, 1, "I need help", second)
			s.wantChanges("touch phrase Help page", "returned", "Support:  -> Question (inbound_phrase Help page)")
		}},
		{"an ad leads who is in another funnel only into the first", func(s *story) {
			s.lead(0, "I need help")
			ad(s, 1, "Hi", first)
			s.wantChanges("touch ad Meta Ads", entersByAd)
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.play(tell(t, shop())) })
	}
}

func TestAdSourceIsTheFirstFunnels(t *testing.T) {
	config := shop()
	config.Funnels[0].AdSource, config.Funnels[1].AdSource = "Facebook", "Other"
	s := tell(t, config)
	m := s.message(chat.Inbound, 0, "Hi")
	m.Ad = &chat.Ad{}
	s.play(m)
	s.wantChanges("touch ad Facebook", "Sales:  -> Lead Entry (ad Facebook)")
}

func TestWithoutFunnelsNothingHappens(t *testing.T) {
	s := tell(t, Config{})
	m := s.message(chat.Inbound, 0, "I came from Instagram")
	m.Ad = &chat.Ad{ClickID: "x"}
	s.play(m)
	s.wantChanges()
}
