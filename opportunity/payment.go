package opportunity

// PaidStage is the stage at which an opportunity of a type stands by the status of its payment. Of a type that configures
// payments, a status that it does not name is the first stage. Follows is false for a type that configures none: its
// opportunities stay where they are.
func (p *Policy) PaidStage(name, status string) (stage string, follows bool) { return "", false }
