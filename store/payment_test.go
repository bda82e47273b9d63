package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/opportunity"
)

func paid(external string, status bot.PaymentStatus, l chat.Lead, at time.Time) bot.Payment {
	return bot.Payment{
		ID: "pay_" + external, ExternalID: external, Status: status, Amount: chat.Money{Minor: 15000, Currency: "BRL"}, At: at,
		LeadID: l.ID, Type: "Course", Source: "Shop", Cause: chat.Cause{Kind: chat.CausePayment, By: external},
	}
}

func reported(external string, l chat.Lead) bot.Feedback {
	return bot.Feedback{
		ID: "fb_" + external, ExternalID: external, Kind: bot.FeedbackReturn, Reason: "wrong number", At: noon, LeadID: l.ID,
		Value: chat.Money{Minor: 990, Currency: "USD"}, Cause: chat.Cause{Kind: chat.CauseAPI, By: "crm"},
	}
}

// pay commits a payment under a key of its own.
func pay(t testing.TB, s *Store, key string, p bot.Payment) {
	t.Helper()
	update(t, s, bot.Input{Key: key, At: noon, Payment: &p}, decisionOf(t, s, p))
}

func decisionOf(t testing.TB, s *Store, p bot.Payment) bot.Decision {
	t.Helper()
	l, err := s.LeadByID(t.Context(), p.LeadID)
	if err != nil {
		t.Fatal(err)
	}
	return bot.Decision{Lead: &l, Payment: &p}
}

func TestAPaymentIsKeptOnceAsItStoodLast(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead, other := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		known(t, s, lead, []opportunity.Opportunity{wanted("opp_1", lead, "")})
		known(t, s, other, nil)
		first := paid("P1", bot.PaymentNew, lead, noon)
		pay(t, s, "first", first)
		last := paid("P1", bot.PaymentSucceeded, lead, noon.Add(time.Hour))
		last.Opportunity, last.Amount = "opp_1", chat.Money{Minor: 1, Currency: "JPY"}
		again := bot.Input{Key: "again", At: noon, Payment: &bot.Payment{ExternalID: "P1", Phone: other.Phone}}
		if found, _ := state(t, s, again); !reflect.DeepEqual(found.Payment, &first) || found.Lead.ID != lead.ID {
			t.Errorf("found %+v of %q, want %+v of whoever has it", found.Payment, found.Lead.ID, first)
		}
		pay(t, s, "last", last)
		pay(t, s, "second", paid("P2", bot.PaymentFailed, lead, noon))
		found, _ := state(t, s, bot.Input{Key: "new", At: noon, Payment: &bot.Payment{ExternalID: "P3", Phone: other.Phone}})
		if found.Payment != nil || found.Lead.ID != other.ID {
			t.Errorf("another payment: %+v of %q", found.Payment, found.Lead.ID)
		}
		kept, err := s.Payments(t.Context(), lead.ID)
		if want := []bot.Payment{last, paid("P2", bot.PaymentFailed, lead, noon)}; err != nil || !reflect.DeepEqual(kept, want) {
			t.Errorf("payments %+v, %v, want %+v", kept, err, want)
		}
	})
}

func TestAFeedbackIsKeptOnceAndFoundByItsOwnID(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead, other := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		known(t, s, lead, nil)
		known(t, s, other, nil)
		f := reported("F1", lead)
		update(t, s, bot.Input{Key: "first", At: noon, Feedback: &f}, bot.Decision{Lead: &lead, Feedback: &f})
		for name, c := range map[string]struct {
			in   bot.Feedback
			kept *bot.Feedback
			lead string
		}{
			"the same":        {bot.Feedback{ExternalID: "F1", Phone: other.Phone}, &f, lead.ID},
			"one by phone":    {bot.Feedback{ExternalID: "F2", Phone: other.Phone}, nil, other.ID},
			"one by id":       {bot.Feedback{ExternalID: "F2", LeadID: lead.ID, Phone: other.Phone}, nil, lead.ID},
			"one of a nobody": {bot.Feedback{ExternalID: "F2", Phone: "+3"}, nil, ""},
		} {
			found, _ := state(t, s, bot.Input{Key: "k", At: noon, Feedback: &c.in})
			if !reflect.DeepEqual(found.Feedback, c.kept) || found.Lead.ID != c.lead {
				t.Errorf("%s: %+v of %q", name, found.Feedback, found.Lead.ID)
			}
		}
		if kept, err := s.Feedbacks(t.Context(), lead.ID); err != nil || !reflect.DeepEqual(kept, []bot.Feedback{f}) {
			t.Errorf("feedback %+v, %v", kept, err)
		}
		twice := bot.Input{Key: "twice", At: noon, Feedback: &f}
		err := s.Update(t.Context(), twice, func(bot.State) bot.Decision { return bot.Decision{Lead: &lead, Feedback: &f} })
		if !refused(err) {
			t.Errorf("the same again: %v", err)
		}
	})
}

func TestPaymentsAndFeedbackOfNobodyAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		pay, report := paid("P1", bot.PaymentNew, ana(), noon), reported("F1", ana())
		for name, d := range map[string]bot.Decision{"payment": {Payment: &pay}, "feedback": {Feedback: &report}} {
			err := s.Update(t.Context(), bot.Input{Key: name, At: noon}, func(bot.State) bot.Decision { return d })
			if !refused(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPaymentsAndFeedbackGoWithWhoBecomesAnotherAndOutliveTheErased(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead, twin := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		known(t, s, lead, nil)
		known(t, s, twin, nil)
		pay(t, s, "pay", paid("P1", bot.PaymentSucceeded, twin, noon))
		f := reported("F1", twin)
		update(t, s, bot.Input{Key: "feedback", At: noon, Feedback: &f}, bot.Decision{Lead: &twin, Feedback: &f})
		update(t, s, bot.Input{Key: "merge", At: noon}, bot.Decision{Lead: &lead, Absorbed: twin.ID})
		erased(t, s, lead)
		f.LeadID = lead.ID
		for _, id := range []string{lead.ID, twin.ID} {
			payments, err := s.Payments(t.Context(), id)
			if want := []bot.Payment{paid("P1", bot.PaymentSucceeded, lead, noon)}; err != nil || !reflect.DeepEqual(payments, want) {
				t.Errorf("%s: payments %+v, %v", id, payments, err)
			}
			if all, err := s.Feedbacks(t.Context(), id); err != nil || !reflect.DeepEqual(all, []bot.Feedback{f}) {
				t.Errorf("%s: feedback %+v, %v", id, all, err)
			}
		}
	})
}

func TestWhoIsBroughtFromOutsideIsFoundByPhoneElseByEmail(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		mail := func(address string) map[string]string { return map[string]string{chat.FieldEmail: address} }
		for _, l := range []chat.Lead{
			{ID: "lead_old", Phone: "+1", Fields: mail("Ana@Example.com "), CreatedAt: noon},
			{ID: "lead_new", Fields: mail("ana@example.com"), CreatedAt: noon.Add(time.Hour)},
			{ID: "lead_other", Phone: "+2", Fields: mail("no address"), CreatedAt: noon},
			{ID: "lead_hidden", LID: "9", CreatedAt: noon},
		} {
			known(t, s, l, nil)
		}
		for name, c := range map[string]struct {
			in   bot.CreateLead
			want string
		}{
			"by phone":                           {bot.CreateLead{Phone: "+2"}, "lead_other"},
			"by phone first":                     {bot.CreateLead{Phone: "+2", Email: "ana@example.com"}, "lead_other"},
			"by e-mail, the oldest":              {bot.CreateLead{Email: "ana@example.com"}, "lead_old"},
			"by e-mail, not who has other phone": {bot.CreateLead{Phone: "+3", Email: "ana@example.com"}, "lead_new"},
			"by nothing":                         {bot.CreateLead{}, ""},
			"what is no address":                 {bot.CreateLead{Email: "no address"}, ""},
			"nobody":                             {bot.CreateLead{Phone: "+4", Email: "bia@example.com"}, ""},
		} {
			if found, _ := state(t, s, bot.Input{Key: "k", At: noon, Create: &c.in}); found.Lead.ID != c.want {
				t.Errorf("%s: %q, want %q", name, found.Lead.ID, c.want)
			}
		}
		erased(t, s, chat.Lead{ID: "lead_old"})
		in := bot.Input{Key: "k", At: noon, Create: &bot.CreateLead{Email: "ana@example.com"}}
		if found, _ := state(t, s, in); found.Lead.ID != "lead_new" {
			t.Errorf("whose address was erased is found: %q", found.Lead.ID)
		}
	})
}

func TestWhatTheBusinessSaysFromOutsideConcernsWhoHasThePhone(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil, opened("chat_1", lead))
		wrote(t, s, lead, "front-desk", noon)
		in := bot.Input{Key: "say", At: noon, Say: &bot.SayAsBusiness{Number: "front-desk", Phone: lead.Phone}}
		if found, _ := state(t, s, in); found.Lead.ID != lead.ID || len(found.Chats) != 1 || !found.WroteAt.Equal(noon) {
			t.Errorf("state %+v", found)
		}
		update(t, s, in, bot.Decision{WroteAt: noon.Add(time.Minute)})
		in.Key = "next"
		if found, _ := state(t, s, in); !found.WroteAt.Equal(noon.Add(time.Minute)) {
			t.Errorf("wrote at %v", found.WroteAt)
		}
	})
}
