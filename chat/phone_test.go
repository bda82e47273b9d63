package chat

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"leadgate/fault"
)

func TestWhatsAppPhoneBringsEveryFormToTheCurrentOne(t *testing.T) {
	for _, c := range []struct {
		name, user string
		want       Phone
	}{
		{"a Brazilian mobile without the ninth digit gets it", "551187654321", "+5511987654321"},
		{"a Brazilian mobile with the ninth digit stays", "5511987654321", "+5511987654321"},
		{"a Brazilian mobile that began with 6 gets the ninth digit", "553163214321", "+5531963214321"},
		{"a Brazilian mobile that began with 9 gets another 9", "553198765432", "+5531998765432"},
		{"a Brazilian mobile of the ranges that came with the ninth digit stays", "5511954321000", "+5511954321000"},
		{"a Brazilian fixed line that begins with 3 stays", "551132654321", "+551132654321"},
		{"a Brazilian fixed line that begins with 5 stays", "551155512345", "+551155512345"},
		{"a Brazilian fixed line that begins with 2 stays", "552122345678", "+552122345678"},
		{"a Brazilian number with a zero in its area code is no mobile", "551087654321", "+551087654321"},
		{"a Brazilian free-phone number stays", "558001234567", "+558001234567"},
		{"a Mexican number with the 1 loses it", "5215512345678", "+525512345678"},
		{"a Mexican number without the 1 stays", "525512345678", "+525512345678"},
		{"an Argentine number with the 9 stays", "5491123456789", "+5491123456789"},
		{"an Argentine number without the 9 gets it", "541123456789", "+5491123456789"},
		{"an Argentine number of a four-digit area gets the 9", "542966412345", "+5492966412345"},
		{"an Argentine free-phone number stays", "548001234567", "+548001234567"},
		{"a Portuguese number is left alone", "351912345678", "+351912345678"},
		{"a number of no known country is not refused", "999123456789", "+999123456789"},
		{"the system's own account is not refused", "0", "+0"},
		{"a plus sign does no harm", "+5511987654321", "+5511987654321"},
		{"nothing is no phone", "", ""},
		{"a plus sign alone is no phone", "+", ""},
		{"letters are no phone", "status", ""},
		{"an address with a device is no phone", "5511987654321:12", ""},
		{"digits of other scripts are no phone", "५५११", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := WhatsAppPhone(c.user); got != c.want {
				t.Errorf("WhatsAppPhone(%q) = %q, want %q", c.user, got, c.want)
			}
		})
	}
}

func TestParsePhoneReadsWhatPeopleWrite(t *testing.T) {
	for _, c := range []struct {
		name, text, country string
		want                Phone
	}{
		{"the international form", "+5511987654321", "BR", "+5511987654321"},
		{"the international form needs no country", "+5511987654321", "", "+5511987654321"},
		{"brackets, spaces and a dash", "(11) 98765-4321", "BR", "+5511987654321"},
		{"a trunk zero", "011 98765-4321", "BR", "+5511987654321"},
		{"a mobile without its ninth digit", "11 8765-4321", "BR", "+5511987654321"},
		{"an international mobile without its ninth digit", "+55 11 8765-4321", "BR", "+5511987654321"},
		{"a fixed line", "(11) 3265-4321", "BR", "+551132654321"},
		{"a country code without its plus sign", "5511987654321", "BR", "+5511987654321"},
		{"two zeros for the plus sign", "00 55 11 98765-4321", "BR", "+5511987654321"},
		{"two zeros and another country", "0044 20 7946 0958", "BR", "+442079460958"},
		{"another country's number", "+1 212 555 2368", "BR", "+12125552368"},
		{"the country in lower case", "11 98765-4321", "br", "+5511987654321"},
		{"full-width digits", "５５１１９８７６５４３２１", "BR", "+5511987654321"},
		{"direction marks copied along", "\u202a+55 11 98765\u20114321\u202c", "BR", "+5511987654321"},
		{"no-break spaces", "+55\u00a011\u00a098765-4321", "BR", "+5511987654321"},
		{"a tel link", "tel:+5511987654321", "", "+5511987654321"},
		{"a Mexican mobile with the 1", "+52 1 55 1234 5678", "MX", "+525512345678"},
		{"a Mexican number as it is dialled", "55 1234 5678", "MX", "+525512345678"},
		{"an Argentine mobile with the 15", "011 15-2345-6789", "AR", "+5491123456789"},
		{"an Argentine mobile with country code and 15", "+54 11 15 2345 6789", "AR", "+5491123456789"},
		{"an Argentine number without the 9", "+54 11 2345-6789", "AR", "+5491123456789"},
		{"a range that is not assigned yet", "+55 11 2000-0000", "BR", "+551120000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePhone(c.text, c.country)
			if got != c.want || err != nil {
				t.Errorf("ParsePhone(%q, %q) = %q, %v; want %q", c.text, c.country, got, err, c.want)
			}
		})
	}
}

func TestParsePhoneSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, text, country, want string }{
		{"nothing", "", "BR", "is not a phone number"},
		{"one digit", "1", "BR", "is not a phone number"},
		{"a few digits", "+5511", "BR", "is too short"},
		{"a digit too many", "+55119876543210", "BR", "is too long"},
		{"no area code", "98765-4321", "BR", "has no area code"},
		{"no country", "11 98765-4321", "", "has no country code that exists"},
		{"a country code that nobody has", "+999 123 456 789", "BR", "has no country code that exists"},
		{"letters", "call me", "BR", `holds 'c', which no phone number does`},
		{"an extension", "+55 11 3265-4321 x12", "BR", `holds 'x', which no phone number does`},
		{"invalid UTF-8", "+55 11\xff 3265-4321", "BR", "which no phone number does"},
		{"a country that does not exist", "+5511987654321", "ZZ", `country "ZZ" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePhone(c.text, c.country)
			var f fault.Fault
			if got != "" || !errors.As(err, &f) {
				t.Fatalf("ParsePhone(%q, %q) = %q, %v; want a fault", c.text, c.country, got, err)
			}
			if !strings.Contains(f.Problem, c.want) || f.Hint == "" {
				t.Errorf("problem %q, hint %q; want a problem with %q and a hint", f.Problem, f.Hint, c.want)
			}
		})
	}
}

func TestSpellingsAreEveryFormOfAPhoneWithTheCurrentOneFirst(t *testing.T) {
	for _, c := range []struct {
		name  string
		phone Phone
		want  []string
	}{
		{"a Brazilian mobile has two", "+5511987654321", []string{"5511987654321", "551187654321"}},
		{"a Brazilian mobile kept in its old form has the same two", "+551187654321", []string{"5511987654321", "551187654321"}},
		{"a Brazilian mobile is never somebody's fixed line", "+5511954321000", []string{"5511954321000"}},
		{"a Brazilian fixed line has one", "+551132654321", []string{"551132654321"}},
		{"a Mexican number has two", "+525512345678", []string{"525512345678", "5215512345678"}},
		{"an Argentine number has two", "+5491123456789", []string{"5491123456789", "541123456789"}},
		{"an Argentine free-phone number has one", "+548001234567", []string{"548001234567"}},
		{"another country's number has one", "+351912345678", []string{"351912345678"}},
		{"an unknown phone has none", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.phone.Spellings(); !slices.Equal(got, c.want) {
				t.Errorf("Spellings of %q = %q, want %q", c.phone, got, c.want)
			}
		})
	}
}

// FuzzPhoneIdentity holds identity to its promise: whichever form of a phone arrives, by WhatsApp or by hand, the value
// is the same, and taking the value's own digits again changes nothing.
func FuzzPhoneIdentity(f *testing.F) {
	for _, seed := range []string{
		"5511987654321", "551187654321", "551132654321", "5511954321000", "551198765432", "5215512345678", "525512345678",
		"521", "52155123456789", "541123456789", "5491123456789", "54911234567890", "549112345678", "548001234567",
		"0", "00", "1", "55", "999999999999999999999", "+5511987654321", "(11) 98765-4321", "५५११", "\xff\xfe", "-", "+",
		"00200000000000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p := WhatsAppPhone(text); p != "" {
			checkIdentity(t, p)
		}
		for _, country := range []string{"", "BR", "MX", "AR"} {
			p, err := ParsePhone(text, country)
			if (err == nil) == (p == "") {
				t.Fatalf("ParsePhone(%q, %q) = %q, %v", text, country, p, err)
			}
			if err == nil {
				checkIdentity(t, p)
				if again, err := ParsePhone(string(p), country); again != p || err != nil {
					t.Errorf("ParsePhone(%q, %q) = %q, %v; it came from %q", p, country, again, err, text)
				}
			}
		}
	})
}

func checkIdentity(t *testing.T, p Phone) {
	t.Helper()
	spellings := p.Spellings()
	if len(spellings) == 0 || spellings[0] != p.Digits() {
		t.Errorf("the first of the spellings %q of %q is not the current one", spellings, p)
	}
	for _, s := range spellings {
		if again := WhatsAppPhone(s); again != p {
			t.Errorf("spelling %q of %q is taken for %q", s, p, again)
		}
	}
}
