package fault

import (
	"strings"
	"testing"
)

func TestTheNearestWordIsTheOneThatASlipMakes(t *testing.T) {
	known := []string{"phone", "name", "ignore", "front-desk"}
	for word, want := range map[string]string{
		"phone": "phone", "phoen": "phone", "Phone": "phone", "nam": "name", "ignroe": "ignore", "front_desk": "front-desk",
		"pace": "", "x": "", "": "", "phonenumber": "", strings.Repeat("name", 1000): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("nearest to %.20q is %q, want %q", word, got, want)
		}
	}
}
