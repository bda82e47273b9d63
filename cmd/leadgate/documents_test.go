package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"leadgate/config"
)

// documents returns what the project's Markdown says, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := os.DirFS("../..")
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
	}
	return texts
}

var (
	codeLine   = regexp.MustCompile(`(?m)^(?: {4,}|\t+)(?:go run \./cmd/)?leadgate((?: .*?)?)(?: > \S+)?$`) // without where its output goes
	codeInline = regexp.MustCompile("`leadgate ([a-z]+)[^`]*`")
	tomlBlock  = regexp.MustCompile("(?s)```toml\n(.*?)```")
	shellWord  = regexp.MustCompile(`"[^"]*"|[^\s"]+`)
)

func TestEveryCommandInTheDocumentsIsOne(t *testing.T) {
	seen := 0
	for name, text := range documents(t) {
		for _, found := range codeLine.FindAllStringSubmatch(text, -1) {
			seen++
			if err := parses(t, words(found[1])); err != nil {
				t.Errorf("%s: leadgate%s: %v", name, found[1], err)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d commands found: does the README still show them as indented lines?", seen)
	}
}

func TestEveryScriptThatTheDocumentsPlayHolds(t *testing.T) {
	seen, texts := 0, documents(t)
	t.Chdir("../..") // as somebody who reads the documents
	for name, text := range texts {
		for _, found := range codeLine.FindAllStringSubmatch(text, -1) {
			args := words(found[1])
			if len(args) == 0 || args[0] != "test" {
				continue
			}
			seen++
			if _, errs, code := command(t, args...); code != 0 {
				t.Errorf("%s: leadgate%s ends with exit code %d: %s", name, found[1], code, errs)
			}
		}
	}
	if seen == 0 {
		t.Error("the README plays no script")
	}
}

func TestTheREADMEQuotesTheExampleScript(t *testing.T) {
	script, err := os.ReadFile("../../examples/from-instagram-to-a-counsellor.txt")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("(?s)```\n(# a lead from .*?)…\n```").FindStringSubmatch(documents(t)["README.md"])
	if len(quoted) < 2 || !strings.HasPrefix(string(script), quoted[1]) {
		t.Errorf("the README quotes something else: %q", quoted)
	}
}

func TestEveryCommandThatTheDocumentsMentionIsOne(t *testing.T) {
	var cli commands
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, node := range parser.Model.Children {
		known = append(known, node.Name)
	}
	for name, text := range documents(t) {
		for _, found := range codeInline.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, found[1]) {
				t.Errorf("%s: %s: there is no such command", name, found[0])
			}
		}
	}
}

func TestEveryConfigInTheDocumentsIsSound(t *testing.T) {
	seen := 0
	for name, text := range documents(t) {
		for _, found := range tomlBlock.FindAllStringSubmatch(text, -1) {
			seen++
			_, report := config.Parse([]byte(found[1]), filepath.Join(t.TempDir(), "leadgate.toml"), secret)
			if err := report.Err(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if seen == 0 {
		t.Error("the README shows no config")
	}
}

// secret stands for whatever environment variable a config in the documents names.
func secret(string) (string, bool) { return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true }

// words are the arguments of a command line up to what the shell does with its result.
func words(line string) []string {
	line, _, _ = strings.Cut(line, " && ")
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, " #")
	var all []string
	for _, word := range shellWord.FindAllString(line, -1) {
		all = append(all, strings.Trim(word, `"`))
	}
	return all
}

func parses(t *testing.T, args []string) error {
	t.Helper()
	var cli commands
	parser, err := kong.New(&cli, kong.Exit(func(int) { t.Fatal("the command line ends the process") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return err
}
