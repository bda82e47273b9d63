package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadgate/chat"
	"leadgate/config"
	"leadgate/conversion"
	"leadgate/fault"
)

type explainCommand struct {
	configFile
	Text   string `arg:"" help:"What is written."`
	Number string `placeholder:"NAME" help:"The number in whose chat it is written; the first by default."`
	From   string `enum:"lead,business" default:"lead" placeholder:"WHO" help:"Who writes it: lead or business; ${default} by default."`
	Stage  string `placeholder:"STAGE" help:"Where the lead stands. By default one who writes is new, and one who is written to stands at the entry stage."`
}

// explainedAt is when the explained message is written: after whatever put the lead where they stand.
func explainedAt() time.Time { return time.Unix(1, 0).UTC() }

// Run says what a message would do, and of every trigger of its direction why it does, or does not.
func (c *explainCommand) Run(p *process) error {
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	number := cfg.Numbers[0]
	if c.Number != "" {
		if number, err = findNumber(cfg, c.Number); err != nil {
			return err
		}
	}
	message := chat.Message{
		Number: number.Name, ID: "explain", Person: chat.Person{Phone: "+10000000000"}, Direction: chat.Inbound,
		Text: strings.ToValidUTF8(c.Text, "�"), SentAt: explainedAt(),
	}
	if c.From == "business" {
		message.Direction = chat.Outbound
	}
	state, who, err := c.state(cfg, message.Direction)
	if err != nil {
		return err
	}
	if message.Direction == chat.Inbound {
		fmt.Fprintf(p.stdout, "%s writes to %s.\n", who, number.Name)
	} else {
		fmt.Fprintf(p.stdout, "%s writes to %s.\n", number.Name, who)
	}
	printExplanation(p.stdout, cfg.Conversion.Explain(message, state))
	return nil
}

// state is the lead as the flags describe them, and who that is in words.
func (c *explainCommand) state(cfg *config.Config, from chat.Direction) (s conversion.State, who string, err error) {
	if c.Stage == "" && from == chat.Inbound {
		return s, "Somebody new", nil
	}
	s.Lead = chat.Lead{ID: "explain", Phone: "+10000000000", Source: "an earlier message", LastSource: "an earlier message"}
	stage := c.Stage
	var known []string
	for _, f := range cfg.Conversion.Funnels() {
		known = append(known, f.Stages...)
		at := f.Stages[0]
		if stage != "" {
			if !slices.Contains(f.Stages, stage) {
				continue
			}
			at = stage
		}
		s.Transitions = append(s.Transitions, conversion.Transition{Funnel: f.Name, To: at, At: explainedAt().Add(-time.Second)})
	}
	switch {
	case stage == "":
		return s, "a lead at the entry stage", nil
	case len(s.Transitions) == 0:
		return s, "", fmt.Errorf("no funnel has a stage %q; %s", stage, insteadOf(stage, known))
	case from == chat.Inbound:
		return s, fmt.Sprintf("A lead at %q", stage), nil
	}
	return s, fmt.Sprintf("a lead at %q", stage), nil
}

// insteadOf says what to write instead of a name that nothing has: the one that was probably meant, or all that there are.
func insteadOf(name string, known []string) string {
	if near := fault.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return "the config has none"
	}
	quoted := make([]string, len(known))
	for i, k := range known {
		quoted[i] = strconv.Quote(k)
	}
	return "the config has " + strings.Join(quoted, ", ")
}

func printExplanation(w io.Writer, e conversion.Explanation) {
	fmt.Fprintln(w, strings.Join(effects(e.Decision), "\n"))
	if len(e.Triggers) == 0 {
		fmt.Fprintln(w, "\nNo trigger of the config listens to this side.")
		return
	}
	fmt.Fprintln(w)
	for _, t := range e.Triggers {
		mark := "no "
		if t.Acted {
			mark = "yes"
		}
		target := fmt.Sprintf("%s, %s", t.Funnel, t.Stage)
		if t.Source != "" {
			target += ", source " + t.Source
		}
		fmt.Fprintf(w, "  %s  %q (%s)\n       ", mark, t.Phrase, target)
		if t.Found {
			fmt.Fprintf(w, "found at character %d, %d long: ", t.Character, t.Length)
		}
		fmt.Fprintln(w, t.Detail)
	}
}

// effects is what a decision changes, a sentence each.
func effects(d conversion.Decision) []string {
	var all []string
	for _, t := range d.Transitions {
		if t.From == "" {
			all = append(all, fmt.Sprintf("They enter funnel %q at %q with source %q.", t.Funnel, t.To, d.Touch.Source))
			continue
		}
		all = append(all, fmt.Sprintf("They move from %q to %q in funnel %q.", t.From, t.To, t.Funnel))
	}
	if d.Returned {
		all = append(all, fmt.Sprintf("They are in the funnel and came again, with source %q.", d.Touch.Source))
	}
	if len(all) == 0 {
		all = append(all, "Nothing happens.")
	}
	return all
}
