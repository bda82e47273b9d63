package chat

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// Money is an amount in the minor units of its currency: 15000 of "BRL" is R$ 150.00. The zero value: no amount.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217, "BRL"
}

// Decimal is the amount in the currency's major unit, with as many decimals as the currency has: "150.00" of "BRL", "150" of
// "JPY".
func (m Money) Decimal() string {
	decimals := decimalsOf(m.Currency)
	digits, sign := strconv.FormatInt(m.Minor, 10), ""
	if m.Minor < 0 {
		digits, sign = digits[1:], "-"
	}
	if decimals == 0 {
		return sign + digits
	}
	if missing := decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return sign + digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// ParseMoney reads an amount in the major unit of a currency: "150", "150.0" and "150.00" of "BRL" are the same. The error
// says what is wrong: no number, more decimals than the currency has, no currency of ISO 4217, more than can be kept.
func ParseMoney(amount, code string) (Money, error) {
	if _, err := currency.ParseISO(code); err != nil || code != strings.ToUpper(code) {
		return Money{}, fmt.Errorf("currency %q is not known; it is three capital letters of ISO 4217, as in \"BRL\"", code)
	}
	whole, part, _ := strings.Cut(amount, ".")
	decimals := decimalsOf(code)
	kept := strings.TrimRight(part, "0")
	if len(kept) > decimals {
		return Money{}, fmt.Errorf("amount %q has more decimals than %s has, which is %d", amount, code, decimals)
	}
	if unsigned := strings.TrimPrefix(whole, "-"); unsigned == "" || strings.Trim(unsigned+part, "0123456789") != "" {
		return Money{}, fmt.Errorf("amount %q is no number; it is written as in 150.00", amount)
	}
	minor, err := strconv.ParseInt(whole+kept+strings.Repeat("0", decimals-len(kept)), 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q is more than can be kept", amount)
	}
	return Money{Minor: minor, Currency: code}, nil
}

// decimalsOf is how many decimals a currency has by ISO 4217 and CLDR; 2 for one that is not known.
func decimalsOf(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}
