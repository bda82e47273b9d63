package chat

// Money is an amount in the minor units of its currency: 15000 of "BRL" is R$ 150.00. The zero value: no amount.
type Money struct {
	Minor    int64
	Currency string // ISO 4217, "BRL"
}

// Decimal is the amount in the currency's major unit: "150.00".
func (m Money) Decimal() string { return "" }

// ParseMoney reads an amount in the major unit of a currency, as "150", "150.0" or "150.00" of "BRL". The error says what is
// wrong: no number, more decimals than the currency has, no currency of ISO 4217, more than an int64 holds.
func ParseMoney(amount, currency string) (Money, error) { return Money{}, nil }
