package script

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
)

// tellsMeta keeps what Meta is told.
type tellsMeta struct{ player *player }

// Send implements delivery.Sender.
func (m tellsMeta) Send(_ context.Context, d delivery.Delivery) delivery.Result {
	var e conversion.MetaEvent
	if err := json.Unmarshal(d.Body, &e); err != nil {
		m.player.broken = fmt.Errorf("read what Meta is told: %w", err)
		return delivery.Result{Verdict: delivery.Never, Detail: "the script could not take it"}
	}
	m.player.metas = append(m.player.metas, e)
	return delivery.Result{Verdict: delivery.Done}
}

// expectMeta is "expect meta EVENT PHONE [value N CUR]", and with no name "expect no meta".
type expectMeta struct {
	name  string
	who   phone
	value *chat.Money // nil: any
}

func (*expectMeta) expects() {}

func parseExpectMeta(l *line) (action, error) {
	name, err := l.value("the name of an event of Meta's")
	if err != nil {
		return nil, err
	}
	e := &expectMeta{name: name}
	if e.who, err = l.phone(); err != nil || !l.accept("value") {
		return e, err
	}
	amount, err := l.value("an amount")
	if err != nil {
		return nil, err
	}
	currency, err := l.value("a currency")
	if err != nil {
		return nil, err
	}
	value, err := chat.ParseMoney(amount, currency)
	e.value = &value
	return e, err
}

func (e *expectMeta) check(c *checker) {
	if e.name != "" {
		e.who.check(c)
	}
	if c.config.Meta == nil {
		c.fail("Meta is told nothing: the config has no [meta]")
	}
}

func (e *expectMeta) play(_ context.Context, p *player) error {
	told := p.metas[p.metasBefore:]
	words := make([]string, len(told))
	for i, m := range told {
		if e.name == m.Name && m.Phone == e.who.phone && (e.value == nil || m.Value != nil && *m.Value == *e.value) {
			return nil
		}
		words[i] = m.Name + " of " + string(m.Phone)
		if m.Value != nil {
			words[i] += ", " + m.Value.Decimal() + " " + m.Value.Currency
		}
	}
	happened := "Meta was told nothing"
	if len(words) > 0 {
		happened = "Meta was told " + strings.Join(words, "; ")
	}
	switch {
	case e.name == "" && len(told) == 0:
		return nil
	case e.name == "":
		return &Failure{Expected: "that Meta is told nothing", Happened: happened}
	}
	expected := "that Meta is told " + e.name + " of " + e.who.written
	if e.value != nil {
		expected += ", " + e.value.Decimal() + " " + e.value.Currency
	}
	return &Failure{Expected: expected, Happened: happened}
}
