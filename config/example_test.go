package config

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"leadgate/webhook"
)

const exampleFile = "../config.example.toml"

func TestTheExamplePassesWithoutAWarning(t *testing.T) {
	config, report := Load(exampleFile, func(string) (string, bool) { return "", false })
	if config == nil || len(report.Findings) > 0 {
		t.Error(written(t, report))
	}
}

// switchedOn is the example with every line that is switched off in use.
func switchedOn(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(string(data), "$1")
}

func TestTheExamplePassesWithEverythingSwitchedOn(t *testing.T) {
	env := func(name string) (string, bool) {
		value, set := map[string]string{
			"META_TOKEN": "EAA-a-token", "LEADGATE_TOKEN": "0123456789abcdef", "BITRIX_SECRET": "a-secret",
			"CRM_SECRET":          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			"CRM_PREVIOUS_SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
		}[name]
		return value, set
	}
	config, report := Parse([]byte(switchedOn(t)), exampleFile, env)
	if config == nil || len(report.Findings) > 0 {
		t.Fatal(written(t, report))
	}
	if len(config.HTTP.Tokens) != 1 || len(config.Destinations) != 4 || config.WhatsApp.ServerKey == nil {
		t.Errorf("not everything is switched on: %+v", config)
	}
}

func TestTheExampleHasEveryKeyInItsTable(t *testing.T) {
	text := switchedOn(t)
	values, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	// Of the ways to give a secret only one can be in use: the others are explained beside it.
	instead := regexp.MustCompile(`_(env|file)$|^(token|(previous_)?secret)$`)
	var missing func(reflect.Type, []any, string)
	missing = func(table reflect.Type, tables []any, path string) {
		for i := range table.NumField() {
			key := table.Field(i).Tag.Get("toml")
			if key == "" {
				continue // no key: what is found out about the table
			}
			parts := under(tables, key)
			explained := instead.MatchString(key) && regexp.MustCompile(`\b`+key+`\b`).MatchString(text)
			if len(parts) == 0 && !explained {
				t.Errorf("%s is missing", join(path, key))
			}
			if kind := tableType(table.Field(i).Type); kind != nil {
				missing(kind, parts, join(path, key))
			}
		}
	}
	missing(reflect.TypeFor[file](), []any{values}, "")
}

func TestTheExampleNamesEveryPreset(t *testing.T) {
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, preset := range webhook.Presets() {
		if !regexp.MustCompile(`(?m)^# One of: .*\b` + preset + `[,.]`).Match(data) {
			t.Errorf("%s is missing", preset)
		}
	}
}

// under returns what tables of one kind hold under a key, the items of lists one by one.
func under(tables []any, key string) (parts []any) {
	for _, table := range tables {
		part, there := table.(map[string]any)[key]
		if items, ok := list(part); ok {
			parts = append(parts, items...)
		} else if there {
			parts = append(parts, part)
		}
	}
	return parts
}

// tableType is the type of the tables that a key holds; nil when it holds none.
func tableType(kind reflect.Type) reflect.Type {
	for kind.Kind() == reflect.Slice || kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.Kind() == reflect.Struct {
		return kind
	}
	return nil
}
