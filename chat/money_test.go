package chat

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsAreKeptInMinorUnits(t *testing.T) {
	for text, want := range map[string]struct {
		currency string
		minor    int64
		decimal  string
	}{
		"150": {"BRL", 15000, "150.00"}, "150.0": {"BRL", 15000, "150.00"}, "150.00": {"BRL", 15000, "150.00"},
		"0.05": {"BRL", 5, "0.05"}, "-0.5": {"BRL", -50, "-0.50"}, "1500": {"JPY", 1500, "1500"}, "1.234": {"BHD", 1234, "1.234"},
		"150.000": {"EUR", 15000, "150.00"}, "0": {"USD", 0, "0.00"}, "92233720368547758.07": {"BRL", 9223372036854775807, "92233720368547758.07"},
	} {
		m, err := ParseMoney(text, want.currency)
		if err != nil || m != (Money{want.minor, want.currency}) || m.Decimal() != want.decimal {
			t.Errorf("%s %s is %+v, %q, %v; want %d and %q", text, want.currency, m, m.Decimal(), err, want.minor, want.decimal)
		}
	}
}

func TestWhatIsNoAmountIsRefused(t *testing.T) {
	for _, wrong := range [][3]string{
		{"150.005", "BRL", "decimals"}, {"1.5", "JPY", "decimals"}, {"", "BRL", "no number"}, {"-", "BRL", "no number"}, {".5", "BRL", "no number"},
		{"1,50", "BRL", "no number"}, {"1e3", "BRL", "no number"}, {"1.2.3", "BRL", "decimals"}, {"+1", "BRL", "no number"}, {"1.-5", "BRL", "no number"},
		{"92233720368547758.08", "BRL", "more than"}, {"1", "brl", "currency"}, {"1", "R$", "currency"}, {"1", "", "currency"},
	} {
		if m, err := ParseMoney(wrong[0], wrong[1]); err == nil || !strings.Contains(err.Error(), wrong[2]) {
			t.Errorf("%s %s is %+v, %v; want an error about %q", wrong[0], wrong[1], m, err, wrong[2])
		}
	}
}

func TestAnAmountIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Money{rapid.Int64Min(-1<<62).Draw(t, "minor"), rapid.SampledFrom([]string{"BRL", "JPY", "BHD", "USD"}).Draw(t, "currency")}
		if got, err := ParseMoney(m.Decimal(), m.Currency); err != nil || got != m {
			t.Fatalf("%+v is written %q and read %+v, %v", m, m.Decimal(), got, err)
		}
	})
}
