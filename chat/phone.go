package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"leadgate/fault"
)

// Phone is a phone number in E.164 ("+5511987650001"), in the numbering plan's current form: Brazilian mobiles with the
// ninth digit, Mexican numbers without the 1, Argentine ones with the 9. Two phones are the same exactly when the values
// are equal, provided that ParsePhone or WhatsAppPhone made them. The zero value: not known.
type Phone string

// ParsePhone reads a phone as people write it: with a country code ("+55 11 98765-0001", "0055…") or as it is dialled
// within a country, given by its ISO 3166 code ("BR"; "" when only international forms make sense). It refuses what
// can't be a phone by its length or its country code, and does not ask whether the number is in use: tables of
// assigned ranges lag behind the operators. The error is a fault.Fault without a path.
func ParsePhone(text, country string) (Phone, error) {
	if country != "" && !KnownCountry(country) {
		return "", fault.Fault{
			Problem: fmt.Sprintf("country %q is not known", country),
			Hint:    `use the two letters of ISO 3166, as in "BR"`,
		}
	}
	dialled, err := dialledDigits(text)
	if err != nil {
		return "", err
	}
	number, err := phonenumbers.Parse(dialled, strings.ToUpper(country))
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
		return "", phoneFault(text, "has no country code that exists", country)
	}
	if err != nil {
		return "", phoneFault(text, "is not a phone number", country)
	}
	digits, problem := settle(number)
	if problem != "" {
		return "", phoneFault(text, problem, country)
	}
	return Phone("+" + digits), nil
}

// WhatsAppPhone returns the phone behind the user part of a WhatsApp address ("551187650001"). It refuses nothing that
// consists of digits: the server knows its own users, old forms and ranges newer than any table included. What holds
// anything but digits is no phone, and comes back as the zero value.
func WhatsAppPhone(user string) Phone {
	user = strings.TrimPrefix(user, "+")
	if user == "" || strings.Trim(user, "0123456789") != "" {
		return ""
	}
	return Phone("+" + current(user))
}

// KnownCountry reports whether a country has a numbering plan, by its ISO 3166 code in either case.
func KnownCountry(country string) bool {
	return phonenumbers.GetCountryCodeForRegion(strings.ToUpper(country)) != 0
}

// Digits is the phone without its plus sign, as WhatsApp and wa.me links write it. The zero value has none.
func (p Phone) Digits() string { return strings.TrimPrefix(string(p), "+") }

// Spellings returns the digits of every form under which WhatsApp may know the same phone, the current one first. The
// zero value has none.
func (p Phone) Spellings() []string {
	if p == "" {
		return nil
	}
	digits := current(p.Digits())
	if old := former(digits); old != "" {
		return []string{digits, old}
	}
	return []string{digits}
}

// current rewrites the digits of an international number to the form that its numbering plan has today. It leaves a
// number alone that is in that form already, so that applying it twice is applying it once.
//
// Brazil put a 9 before all eight-digit mobile numbers between 2012 and 2016 (Anatel, Resolution 553/2010); mobiles
// began with 6 to 9 until then, fixed lines begin with 2 to 5 and keep eight digits. Accounts of WhatsApp that are older
// keep an address without it.
//
// Mexico dropped the 1 before mobile numbers dialled from abroad on 3 August 2019 (IFT, national numbering plan of 2018):
// every number is 52 and ten digits. WhatsApp keeps the 1 in its addresses.
//
// Argentina writes a 9 before mobile numbers dialled from abroad. Area code and number are ten digits from one flat plan
// in which fixed and mobile lines share the ranges, so that the ten digits name one line and nothing in them says of
// which kind (libphonenumber's ranges for the two are identical): the 9 is always written. Area codes begin with 1, 2 or
// 3; what begins otherwise is a service number and stays.
func current(digits string) string {
	switch {
	case len(digits) == 12 && strings.HasPrefix(digits, "55") && brazilianArea(digits[2:4]) && digits[4] >= '6':
		return digits[:4] + "9" + digits[4:]
	case len(digits) == 13 && strings.HasPrefix(digits, "521"):
		return "52" + digits[3:]
	case len(digits) == 12 && strings.HasPrefix(digits, "54") && argentineArea(digits[2]):
		return "549" + digits[2:]
	}
	return digits
}

// former is the other form of a current number, "" when it never had one. A Brazilian mobile whose digit after the 9 is
// below 6 was never an eight-digit mobile: without the 9 it would be somebody's fixed line.
func former(digits string) string {
	switch {
	case len(digits) == 13 && strings.HasPrefix(digits, "55") && brazilianArea(digits[2:4]) && digits[4] == '9' && digits[5] >= '6':
		return digits[:4] + digits[5:]
	case len(digits) == 12 && strings.HasPrefix(digits, "52"):
		return "521" + digits[2:]
	case len(digits) == 13 && strings.HasPrefix(digits, "549") && argentineArea(digits[3]):
		return "54" + digits[3:]
	}
	return ""
}

// brazilianArea reports whether two digits can be an area code of Brazil: 11 to 99, none with a zero.
func brazilianArea(code string) bool { return code[0] != '0' && code[1] != '0' }

func argentineArea(first byte) bool { return first >= '1' && first <= '3' }

// dialledDigits strips what people put between digits, and writes an international prefix as a plus sign.
func dialledDigits(text string) (string, error) {
	var b strings.Builder
	for _, r := range strings.TrimPrefix(strings.TrimSpace(text), "tel:") {
		switch {
		case unicode.IsDigit(r), r == '+':
			b.WriteRune(r)
		case unicode.In(r, unicode.Zs, unicode.Pd, unicode.Cf), strings.ContainsRune("()./", r):
			// Separators, and the direction marks that come along when a number is copied from a phone's contacts.
		default:
			return "", phoneFault(text, fmt.Sprintf("holds %q, which no phone number does", r), "")
		}
	}
	dialled := b.String()
	if strings.HasPrefix(dialled, "00") {
		dialled = "+" + dialled[2:]
	}
	return dialled, nil
}

// settle returns the digits of a number in the form that reading them again does not change, or what is wrong with
// them. Once is not enough: each reading takes a trunk prefix away, and what looks like one may be left over.
func settle(number *phonenumbers.PhoneNumber) (digits, problem string) {
	for range 8 {
		shape := phonenumbers.IsPossibleNumberWithReason(number)
		next := current(strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+"))
		if next == digits {
			return digits, implausible(digits, number, shape)
		}
		digits = next
		var err error
		if number, err = phonenumbers.Parse("+"+digits, ""); err != nil {
			break
		}
	}
	return "", "is not a phone number"
}

// implausible says why digits can't be an international number, "" when they can.
func implausible(digits string, number *phonenumbers.PhoneNumber, shape phonenumbers.ValidationResult) string {
	switch shape {
	case phonenumbers.IS_POSSIBLE:
	case phonenumbers.TOO_SHORT:
		return "is too short"
	case phonenumbers.TOO_LONG:
		return "is too long"
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "has no area code"
	default:
		return "has a length that its country does not use"
	}
	// Free-phone numbers make shorter ones possible in Brazil; anything else of their length lacks its area code.
	if strings.HasPrefix(digits, "55") && len(digits) < 12 && !phonenumbers.IsValidNumber(number) {
		return "has no area code"
	}
	return ""
}

// maxQuoted is how many characters of a refused text its error repeats: more than any phone has, less than a line.
const maxQuoted = 40

func phoneFault(text, problem, country string) fault.Fault {
	hint := `write it with country code and area code, as in "+5511987650001"`
	if country != "" {
		hint = fmt.Sprintf("write it with its area code as it is dialled in %s, or with its country code as in \"+5511987650001\"",
			strings.ToUpper(country))
	}
	if runes := []rune(text); len(runes) > maxQuoted {
		text = string(runes[:maxQuoted]) + "…"
	}
	return fault.Fault{Problem: fmt.Sprintf("phone %q %s", text, problem), Hint: hint}
}
