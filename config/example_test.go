package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const exampleFile = "../config.example.toml"

func TestTheExamplePassesWithoutAWarning(t *testing.T) {
	config, report := Load(exampleFile, func(string) (string, bool) { return "", false })
	if config == nil || len(report.Findings) > 0 {
		t.Error(written(t, report))
	}
}

func TestTheExamplePassesWithEverythingSwitchedOn(t *testing.T) {
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) {
		value, set := map[string]string{
			"LEADGATE_TOKEN": "0123456789abcdef", "CRM_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		}[name]
		return value, set
	}
	text := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(string(data), "$1")
	config, report := Parse([]byte(text), exampleFile, env)
	if config == nil || len(report.Findings) > 0 {
		t.Fatal(written(t, report))
	}
	if len(config.HTTP.Tokens) != 1 || len(config.Destinations) != 1 || config.WhatsApp.ServerKey == nil {
		t.Errorf("not everything is switched on: %+v", config)
	}
}

func TestTheExampleShowsOrNamesEveryKey(t *testing.T) {
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	var missing func(reflect.Type)
	missing = func(table reflect.Type) {
		for i := range table.NumField() {
			field := table.Field(i)
			key := field.Tag.Get("toml")
			if !regexp.MustCompile(`\b` + key + `\b( =|\]|[ ,.])`).Match(data) {
				t.Errorf("%q of %v is missing", key, strings.ToLower(table.Name()))
			}
			kind := field.Type
			if kind.Kind() == reflect.Slice {
				kind = kind.Elem()
			}
			if kind.Kind() == reflect.Struct {
				missing(kind)
			}
		}
	}
	missing(reflect.TypeFor[file]())
}
