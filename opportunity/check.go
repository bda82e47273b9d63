package opportunity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadgate/fault"
)

// checker makes types of a configuration and notes what is wrong with it.
type checker struct {
	config Config
	types  []Type
	faults fault.List
}

func (c *checker) check() {
	names := make(map[string]string)
	for i, config := range c.config.Types {
		path := fault.Index("opportunity_type", i)
		c.checkName(path, config.Name, names)
		c.types = append(c.types, c.newType(path, config))
	}
}

// checkName notes a name that is missing, or that the map has already, and adds it to the map with its path.
func (c *checker) checkName(path, name string, names map[string]string) {
	namePath := fault.Join(path, "name")
	if strings.TrimSpace(name) == "" {
		c.faults.Add(namePath, "the opportunity type has no name", "")
		return
	}
	if earlier, taken := names[name]; taken {
		c.faults.Add(namePath, fmt.Sprintf("opportunity type %q is there twice, first as %s", name, earlier), "give each a name of its own")
		return
	}
	names[name] = path
}

func (c *checker) newType(path string, config TypeConfig) Type {
	t := Type(config)
	c.checkNumbers(fault.Join(path, "numbers"), config)
	c.checkValues(path, config)
	if config.Rule != "" && !slices.Contains(c.config.Rules, config.Rule) {
		c.faults.Add(fault.Join(path, "rule"), fmt.Sprintf("rule %q is not configured", config.Rule),
			fault.Suggest(config.Rule, "rule", c.config.Rules))
	}
	c.checkTexts(fault.Join(path, "stages"), "stage", config.Stages)
	if len(t.Numbers) == 0 {
		t.Numbers = c.config.Numbers
	}
	if len(t.Stages) == 0 {
		t.Stages = c.config.Stages
	}
	if len(t.Stages) == 0 {
		c.faults.Add(path, fmt.Sprintf("opportunity type %q has no stages, and there is no funnel whose stages it could have", config.Name),
			`list its stages: stages = ["New", "Won"]`)
	}
	c.checkPayments(fault.Join(path, "payments"), t)
	return t.clone()
}

// checkPayments notes statuses that no payment has, and stages that are not on the type's board.
func (c *checker) checkPayments(path string, t Type) {
	for _, status := range slices.Sorted(maps.Keys(t.Payments)) {
		at := fault.Join(path, status)
		if !slices.Contains(paymentStatuses(), status) {
			c.faults.Add(at, fmt.Sprintf("no payment has the status %q", status), fault.Suggest(status, "status", paymentStatuses()))
		}
		if stage := t.Payments[status]; len(t.Stages) > 0 && !slices.Contains(t.Stages, stage) {
			c.faults.Add(at, fmt.Sprintf("opportunity type %q has no stage %q", t.Name, stage), fault.Suggest(stage, "stage", t.Stages))
		}
	}
}

func (c *checker) checkNumbers(path string, config TypeConfig) {
	c.checkTexts(path, "number", config.Numbers)
	for i, number := range config.Numbers {
		if strings.TrimSpace(number) != "" && !slices.Contains(c.config.Numbers, number) {
			c.faults.Add(fault.Index(path, i), fmt.Sprintf("number %q is not configured", number),
				fault.Suggest(number, "number", c.config.Numbers))
		}
	}
}

func (c *checker) checkValues(path string, config TypeConfig) {
	hasField := strings.TrimSpace(config.Field) != ""
	switch {
	case len(config.Values) > 0 && !hasField:
		c.faults.Add(fault.Join(path, "values"), fmt.Sprintf("opportunity type %q has values, but no field that they are of", config.Name),
			`name the field: field = "Course"`)
	case len(config.Values) == 0 && hasField:
		c.faults.Warn(fault.Join(path, "field"), fmt.Sprintf("field %q has no values: menus offer the opportunity type itself", config.Field),
			"list what is offered under values, or remove the field")
	}
	c.checkTexts(fault.Join(path, "values"), "value", config.Values)
}

// checkTexts notes the items of a list that are empty or there twice.
func (c *checker) checkTexts(path, kind string, texts []string) {
	for i, text := range texts {
		switch {
		case strings.TrimSpace(text) == "":
			c.faults.Add(fault.Index(path, i), fmt.Sprintf("the %s is empty", kind), "")
		case slices.Index(texts, text) < i:
			c.faults.Add(fault.Index(path, i), fmt.Sprintf("%s %q is there twice", kind, text), "remove one of the two")
		}
	}
}
