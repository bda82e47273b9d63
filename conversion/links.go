package conversion

import (
	"net/url"
	"strings"

	"leadgate/chat"
)

// A Link opens a chat with a number in which a source's phrase is written already; the person only presses send.
type Link struct {
	Source string
	Phrase string
	Number string // name of the number
	URL    string
}

// Links returns the link of every source phrase for each of its numbers, in the order of the configuration and of the
// numbers. Numbers whose phone is not known have none.
func (p *Policy) Links(numbers []chat.Number) []Link {
	var links []Link
	known := make(map[Link]bool)
	for _, t := range p.triggers {
		if t.direction() != chat.Inbound {
			continue
		}
		for _, n := range numbers {
			if n.Phone == "" || !t.on(n.Name) {
				continue
			}
			link := Link{Source: t.Source, Phrase: t.Phrase, Number: n.Name, URL: linkTo(n.Phone, t.Phrase)}
			if !known[link] {
				known[link] = true
				links = append(links, link)
			}
		}
	}
	return links
}

// linkTo writes spaces as %20: WhatsApp takes a plus sign in the text for a plus sign (faq.whatsapp.com, "How to use click
// to chat").
func linkTo(phone chat.Phone, text string) string {
	return "https://wa.me/" + phone.Digits() + "?text=" + strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
