package opportunity

// The statuses of a payment that a type's Payments may name.
func paymentStatuses() []string { return []string{"new", "succeeded", "failed"} }

// PaidStage is the stage at which an opportunity of a type stands by the status of its payment. Of a type that configures
// payments, a status that it does not name is the first stage. Follows is false for a type that configures none, and for one
// that is not configured: its opportunities stay where they are.
func (p *Policy) PaidStage(name, status string) (stage string, follows bool) {
	t, found := p.Type(name)
	if !found || len(t.Payments) == 0 {
		return "", false
	}
	if stage, named := t.Payments[status]; named {
		return stage, true
	}
	return t.Stages[0], true
}
