package chat

// NormalEmail is an e-mail address as leads are identified by it: trimmed, its letters small, its domain in ASCII. It is ""
// for what is no address.
func NormalEmail(text string) string { return "" }
