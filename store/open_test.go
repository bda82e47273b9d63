package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/bot"
)

// refuses opens a store that can't be opened, and checks that the error is one line with the words.
func refuses(t *testing.T, url string, opts Options, words ...string) {
	t.Helper()
	s, err := Open(t.Context(), url, opts)
	if err == nil {
		s.Close()
		t.Fatalf("%s was opened", url)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q has several lines", err)
	}
}

func TestWhatCanNotBeOpenedIsRefusedWithWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	}
	foreign := file("foreign.db", "")
	db, err := sql.Open("sqlite3", strings.TrimPrefix(foreign, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE bookmarks (x)"); err != nil {
		t.Fatal(err)
	}
	db.Close()

	for name, c := range map[string]struct {
		url   string
		opts  Options
		words []string
	}{
		"no scheme":              {"leadgate.db", Options{}, []string{"sqlite:PATH", "postgres://"}},
		"no path":                {"sqlite:", Options{}, []string{"names no file"}},
		"memory":                 {"sqlite::memory:", Options{}, []string{"names no file"}},
		"a directory":            {"sqlite:" + dir, Options{}, []string{"is a directory"}},
		"not SQLite":             {file("text.db", strings.Repeat("not a database ", 100)), Options{}, []string{"not an SQLite database", "text.db"}},
		"another program's":      {foreign, Options{}, []string{"another program"}},
		"no directory":           {"sqlite:" + filepath.Join(dir, "no", "x.db"), Options{}, []string{"does not exist", "create it"}},
		"nothing to read":        {"sqlite:" + filepath.Join(dir, "none.db"), Options{ReadOnly: true}, []string{"no such file", "leadgate run"}},
		"not leadgate's to read": {foreign, Options{ReadOnly: true}, []string{"leadgate run"}},
		"no postgres there":      {"postgres://ana:geheim@127.0.0.1:1/x", Options{}, []string{"127.0.0.1:1", "can't be reached"}},
		"an unreadable url":      {"postgres://ana:geheim@[", Options{}, []string{"postgres://USER:PASSWORD"}},
		"a password with a %":    {"postgres://ana:geheim%@127.0.0.1/x", Options{}, []string{"%XX"}},
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, c.url, c.opts, c.words...)
			_, err := Open(t.Context(), c.url, c.opts)
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %q tells the password", err)
			}
		})
	}
}

func TestADatabaseOfPostgresThatIsNotThereIsNamed(t *testing.T) {
	p := onPostgres(t)
	at := strings.Index(p.url, "?")
	refuses(t, p.url[:at]+"_not_there"+p.url[at:], Options{}, "_not_there", "create it")
}

func TestAFileThatMayNotBeWrittenIsRefusedWithWhatToDo(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "leadgate.db")
	place{t, "sqlite:" + path}.open(Options{}).Close()
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	refuses(t, "sqlite:"+path, Options{}, "no permission", path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	refuses(t, "sqlite:"+filepath.Join(dir, "new.db"), Options{}, "permission", dir)
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		if _, err := s.writes.ExecContext(t.Context(), "UPDATE leadgate_schema SET version = version + 1"); err != nil {
			t.Fatal(err)
		}
		s.Close()
		refuses(t, p.url, Options{}, "newer leadgate")
		refuses(t, p.url, Options{ReadOnly: true}, "newer leadgate")
	})
}

func TestAnOlderDatabaseIsNotReadByACommand(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		if _, err := s.writes.ExecContext(t.Context(), "UPDATE leadgate_schema SET version = version - 1"); err != nil {
			t.Fatal(err)
		}
		s.Close()
		refuses(t, p.url, Options{ReadOnly: true}, "older leadgate", "leadgate run")
	})
}

func TestAStoreIsFoundAgainAfterItWasClosed(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s = p.open(Options{})
		if got, err := s.LeadByPhone(t.Context(), lead.Phone); err != nil || got.ID != lead.ID {
			t.Errorf("lead %+v, %v", got, err)
		}
	})
}

func TestAnSQLiteFileBelongsToOneDaemon(t *testing.T) {
	p := onSQLite(t)
	s := p.open(Options{})
	refuses(t, p.url, Options{}, "another leadgate", "process")

	// Another process finds it taken as well, and a command may look all the same.
	if out, err := child(t, "open", p.url).CombinedOutput(); err == nil || !strings.Contains(string(out), "another leadgate") {
		t.Errorf("another process: %v, %s", err, out)
	}
	if out, err := child(t, "read", p.url).CombinedOutput(); err != nil {
		t.Errorf("a reading command: %v, %s", err, out)
	}
	s.Close()
	if out, err := child(t, "open", p.url).CombinedOutput(); err != nil {
		t.Errorf("after the end of the first: %v, %s", err, out)
	}
	p.open(Options{})
}

func TestAReadingCommandChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
		reader := p.open(Options{ReadOnly: true})
		if got, err := reader.LeadByID(t.Context(), lead.ID); err != nil || got.Phone != lead.Phone {
			t.Errorf("lead %+v, %v", got, err)
		}
		if err := reader.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		err := reader.Update(t.Context(), message("M2", person(lead)), func(bot.State) bot.Decision { return bot.Decision{Lead: &lead} })
		if err == nil || !strings.Contains(err.Error(), "reading only") {
			t.Errorf("an update: %v", err)
		}
	})
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20é")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "lead:gate.db")
	place{t, "sqlite:" + path}.open(Options{})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() == 0 {
		t.Error("the store is in another file")
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the keys in it: %v", info.Mode())
	}
}

func TestACommitIsOnTheDiskWhenItReturns(t *testing.T) {
	s := onSQLite(t).open(Options{})
	numbers, _ := s.WhatsApp()
	for name, db := range map[string]*sql.DB{"writer": s.writes, "whatsapp": numbers} {
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %q, %v, want %q", name, pragma, got, err, want)
			}
		}
	}
}

func TestABackupIsAStoreOfItsOwn(t *testing.T) {
	p := onSQLite(t)
	s := p.open(Options{})
	lead := ana()
	update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
	for name, from := range map[string]*Store{"daemon": s, "command": p.open(Options{ReadOnly: true})} {
		path := filepath.Join(t.TempDir(), "copy of "+name+".db")
		if err := from.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		copied := place{t, "sqlite:" + path}.open(Options{})
		if got, err := copied.LeadByID(t.Context(), lead.ID); err != nil || got.Phone != lead.Phone {
			t.Errorf("by the %s: lead %+v, %v", name, got, err)
		}
		if err := from.Backup(t.Context(), path); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("onto an existing file: %v", err)
		}
		if err := from.Backup(t.Context(), filepath.Join(path, "x")); err == nil {
			t.Error("into a directory that there is not")
		}
	}
}

func TestABackupThatWasGivenUpLeavesNothing(t *testing.T) {
	s := onSQLite(t).open(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}

func TestABackupOfPostgresIsPgDumps(t *testing.T) {
	s := onPostgres(t).open(Options{})
	if err := s.Backup(t.Context(), "x.db"); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("error %v", err)
	}
}

func TestSizeGrows(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		before, err := s.Size(t.Context())
		if err != nil || before <= 0 {
			t.Fatalf("%d, %v", before, err)
		}
		queueUp(t, s, 2000, 10)
		if after, err := s.Size(t.Context()); err != nil || after < before+1<<20 {
			t.Errorf("%d became %d, %v", before, after, err)
		}
	})
}

// child is this test binary as another process that does something with a store.
func child(t *testing.T, what, url string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "STORE_TEST_CHILD="+what, "STORE_TEST_URL="+url)
	return cmd
}
