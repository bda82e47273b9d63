package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/script"
	"leadgate/simulator"
)

// The very conversations that the virtual clock plays, through the real client, process, store and API. Of the menus these
// are the ones that a phone, an outage or the order of things could make different; with LEADGATE_TEST_EVERY_SCRIPT all
// are played, but for those in which time has to pass.
func TestEndToEndConversationsGoOnWhatsAppAsInTheirScripts(t *testing.T) {
	t.Parallel()
	every := os.Getenv("LEADGATE_TEST_EVERY_SCRIPT") != ""
	scripts := []struct{ files, config string }{
		{"testdata/education/*.txt", "testdata/education/leadgate.toml"},
		{"examples/*.txt", "config.example.toml"},
	}
	menus := []string{
		"a-message-edited-into-an-answer-is-one", "an-unusable-answer-gets-the-menu-again-and-then-counts-as-other",
		"nothing-automatic-goes-into-a-chat-that-was-taken-over", "of-several-opportunities-the-second-menu-asks-which", "two-taps-count-once",
		"what-was-about-to-be-said-is-not-said-after-the-business-has-written",
	}
	if every {
		menus = []string{"*"}
	}
	for _, name := range menus {
		scripts = append(scripts, struct{ files, config string }{"testdata/menus/" + name + ".txt", "testdata/menus/leadgate.toml"})
	}
	for _, c := range scripts {
		files, err := filepath.Glob("../../" + c.files)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", c.files, files, err)
		}
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				t.Parallel()
				err := playOnWhatsApp(t, file, "../../"+c.config)
				if every && errors.Is(err, script.ErrClock) || every && errors.Is(err, errNotHere) {
					t.Skip(err)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// playOnWhatsApp plays a script on a stage of its own.
func playOnWhatsApp(t *testing.T, file, config string) error {
	t.Helper()
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	conversation, err := script.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, config, simulator.Options{Seed: 1})
	if err := script.PlayLive(t.Context(), s.config, conversation, s); err != nil {
		return err
	}
	s.accounted()
	s.stop()
	return nil
}
