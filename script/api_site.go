package script

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/web"
)

// secretOf is the token of a caller: "" is the one who may write.
func secretOf(caller string) string {
	if caller == "" {
		return "script-write"
	}
	return "script-" + caller
}

// newSite is the daemon's HTTP side, over the player's bot and store.
func (p *player) newSite() http.Handler {
	return web.New(web.Options{
		Tokens: func() []web.Token {
			return []web.Token{
				{Name: "script", Hash: sha256.Sum256([]byte(secretOf(""))), Write: true},
				{Name: "reader", Hash: sha256.Sum256([]byte(secretOf("read")))},
			}
		},
		Numbers: p.webNumbers,
		Pair: func(context.Context, string) error {
			return fmt.Errorf("%w: a script's numbers are linked", web.ErrConflict)
		},
		Reload:   p.join,
		Forms:    p.webForms,
		Ping:     func(context.Context) error { return nil },
		Bot:      p.bot,
		Store:    p.store,
		Gatherer: prometheus.NewRegistry(),
		Now:      p.clock,
		Log:      slog.New(slog.DiscardHandler),
	})
}

// webNumbers is how the numbers stand.
func (p *player) webNumbers() []web.Number {
	numbers := make([]web.Number, len(p.config.Numbers))
	for i, n := range p.config.Numbers {
		numbers[i] = web.Number{Name: n.Name, Phone: string(n.Phone), State: "connected", Sentence: "It is connected.", Ready: true}
		if p.offline[n.Name] {
			numbers[i].State, numbers[i].Sentence, numbers[i].Ready = "disconnected", "The script has it offline.", false
		}
	}
	return numbers
}

// webForms are the configuration's forms.
func (p *player) webForms() []web.Form {
	forms := make([]web.Form, len(p.config.Forms))
	for i, f := range p.config.Forms {
		forms[i] = web.Form(f)
	}
	return forms
}
