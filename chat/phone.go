package chat

// Phone is a phone number in E.164 ("+5511987650001"), in the numbering plan's current form. The zero value: not known.
type Phone string
