package conversion

// Reason says why a trigger did not act.
type Reason string

// The reasons.
const (
	NotInFunnel Reason = "not_in_funnel" // the lead is not in the funnel
	BeforeEntry Reason = "before_entry"  // it was written before the lead entered the funnel
	StandsThere Reason = "stands_there"  // the lead stands at that stage already
)
