package script

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/config"
)

// A term is what is played while a configuration is in force.
type term struct {
	maria  string   // what is said of maria
	group  []string // the counsellors
	within string   // accept_within
	text   string
}

const termConfig = `
timezone = "America/Sao_Paulo"
[[number]]
name  = "front-desk"
phone = "+5511987650001"
[[agent]]
name = "maria"
phone = "+5511988880001"
MARIA
[[agent]]
name = "joao"
phone = "+5511988880002"
[[agent]]
name = "carla"
phone = "+5511988880003"
[[group]]
name = "counsellors"
members = ["GROUP"]
[[rule]]
name = "front"
targets = ["group:counsellors"]
accept_within = "WITHIN"
[[autoresponse]]
number = "front-desk"
default_rule = "front"
`

// config reads the configuration of the term.
func (m term) config(t *testing.T) *config.Config {
	t.Helper()
	words := strings.NewReplacer("MARIA", m.maria, "GROUP", strings.Join(m.group, `", "`), "WITHIN", cmp.Or(m.within, "0"))
	file := filepath.Join(t.TempDir(), "leadgate.toml")
	if err := os.WriteFile(file, []byte(words.Replace(termConfig)), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(t, file)
}

// playTerms plays conversations in one store, each after its configuration was reloaded.
func playTerms(t *testing.T, terms []term) {
	t.Helper()
	p := newPlayer(terms[0].config(t), t.TempDir())
	if err := p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.store.Close() })
	for i, term := range terms {
		if i > 0 {
			p.config = term.config(t)
			p.policy = p.config.Policy()
			p.bot.SetPolicy(p.policy)
			if err := p.join(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Parse("a.txt", strings.NewReader(term.text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.check(p.config); err != nil {
			t.Fatal(err)
		}
		for _, st := range s.statements {
			if err := p.play(t.Context(), st); err != nil {
				t.Fatalf("term %d: %v", i+1, explain(s, st, err))
			}
		}
	}
}

func TestAReloadReachesTheTeamAndTheChatsThatWait(t *testing.T) {
	pair := []string{"maria", "joao"}
	for name, terms := range map[string][]term{
		"a raised capacity gives the chats that have waited longest": {
			{maria: "capacity = 1", group: []string{"maria"}, text: `
				lead +5511911110001 to front-desk: Hello
				lead +5511911110002 to front-desk: Hello
				lead +5511911110003 to front-desk: Hello
				lead +5511911110004 to front-desk: Hello
				expect waiting +5511911110002`},
			{maria: "capacity = 3", group: []string{"maria"}, text: `
				expect assigned +5511911110002 agent maria
				expect assigned +5511911110003 agent maria
				expect waiting +5511911110004`},
			{maria: "", group: []string{"maria"}, text: `
				expect assigned +5511911110004 agent maria`},
		},
		"hours that begin earlier give what waits": {
			{maria: `hours = ["mon-fri 12:00-18:00"]`, group: []string{"maria"}, text: `
				lead +5511911110001 to front-desk: Hello
				expect waiting +5511911110001`},
			{maria: `hours = ["mon-fri 11:00-18:00"]`, group: []string{"maria"}, text: `
				at 2026-01-05 10:59:59
				expect waiting +5511911110001
				at 2026-01-05 11:00
				expect assigned +5511911110001 agent maria`},
		},
		"who joins a group goes to the end": {
			{group: pair, text: `
				lead +5511911110001 to front-desk: Hello
				expect assigned +5511911110001 agent maria`},
			{group: []string{"carla", "maria", "joao"}, text: `
				lead +5511911110002 to front-desk: Hello
				expect assigned +5511911110002 agent joao
				lead +5511911110003 to front-desk: Hello
				expect assigned +5511911110003 agent maria
				restart
				lead +5511911110004 to front-desk: Hello
				expect assigned +5511911110004 agent carla
				lead +5511911110005 to front-desk: Hello
				expect assigned +5511911110005 agent joao`},
		},
		"who leaves a group keeps their chats, and is the last when they join again": {
			{group: pair, text: `
				lead +5511911110001 to front-desk: Hello
				lead +5511911110002 to front-desk: Hello
				expect assigned +5511911110002 agent joao`},
			{group: []string{"joao", "carla"}, text: `
				expect assigned +5511911110001 agent maria
				lead +5511911110003 to front-desk: Hello
				expect assigned +5511911110003 agent joao`},
			{group: []string{"maria", "joao", "carla"}, text: `
				lead +5511911110004 to front-desk: Hello
				expect assigned +5511911110004 agent carla
				lead +5511911110005 to front-desk: Hello
				expect assigned +5511911110005 agent joao
				lead +5511911110006 to front-desk: Hello
				expect assigned +5511911110006 agent maria`},
		},
		"who left and joins again before anybody got a chat goes to the end": {
			{group: []string{"maria", "joao", "carla"}, text: `
				lead +5511911110001 to front-desk: Hello
				expect assigned +5511911110001 agent maria`},
			{group: []string{"maria", "carla"}},
			{group: []string{"maria", "joao", "carla"}, text: `
				lead +5511911110002 to front-desk: Hello
				expect assigned +5511911110002 agent carla
				lead +5511911110003 to front-desk: Hello
				expect assigned +5511911110003 agent maria
				lead +5511911110004 to front-desk: Hello
				expect assigned +5511911110004 agent joao`},
		},
		"a longer time to answer counts for the chats that agents have": {
			{group: pair, within: "10m", text: `
				lead +5511911110001 to front-desk: Hello
				after 5m
				expect assigned +5511911110001 agent maria`},
			{group: pair, within: "30m", text: `
				after 24m
				expect assigned +5511911110001 agent maria
				after 2m
				expect assigned +5511911110001 agent joao`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			playTerms(t, terms)
		})
	}
}
