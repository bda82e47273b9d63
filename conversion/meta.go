package conversion

// Meta is what Meta is to be told of a lead who enters a stage; nil when nothing.
func (p *Policy) Meta(funnel, stage string) *MetaDue { return nil }
