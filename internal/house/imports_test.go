package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root       = "../.." // of the project, from this package
	module     = "leadgate/"
	everywhere = "fault" // imports nothing, and every package may import it
)

// covers reports whether a list of packages names the imported one, or one that it is beneath.
func covers(list []string, imported string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		return imported == entry || strings.HasPrefix(imported, entry+"/")
	})
}

func TestEveryPackageImportsOnlyWhatItsRowInTheArchitectureAllows(t *testing.T) {
	table := importTable(t)
	for name, imports := range packages(t) {
		allowed, ok := table[name]
		if !ok {
			t.Errorf("package %s has no row in the table of docs/architecture.md", name)
			continue
		}
		for _, imported := range imports {
			ours, ok := strings.CutPrefix(imported, module)
			if ok && ours != everywhere && !slices.Contains(allowed, "all") && !slices.Contains(allowed, ours) {
				t.Errorf("package %s imports %s: its row in docs/architecture.md allows %v", name, ours, allowed)
			}
		}
	}
}

func TestEveryRowOfTheArchitectureIsAPackage(t *testing.T) {
	existing := packages(t)
	for name, allowed := range importTable(t) {
		if _, ok := existing[name]; !ok {
			t.Errorf("docs/architecture.md has a row for package %s, which does not exist", name)
		}
		for _, other := range allowed {
			if _, ok := existing[other]; !ok && other != "all" {
				t.Errorf("docs/architecture.md lets package %s import %s, which does not exist", name, other)
			}
		}
	}
}

func TestDecidersImportNothingThatWaitsOrVaries(t *testing.T) {
	deciders := []string{"chat", "conversion", "opportunity", "autoresponse", "routing", "fault", "bot"}
	forbidden := []string{"os", "io/ioutil", "net", "log", "database/sql", "math/rand", "crypto/rand", "time/tzdata", "syscall", "unsafe"}
	// A phrase's link is a URL; parsing and escaping one touches no network.
	harmless := []string{"net/url"}
	for name, imports := range packages(t) {
		if !slices.Contains(deciders, name) {
			continue
		}
		for _, imported := range imports {
			if covers(forbidden, imported) && !slices.Contains(harmless, imported) {
				t.Errorf("package %s decides, and imports %s", name, imported)
			}
			// bot hands decisions to the store, which takes a context, and swaps the policy in force as one pointer.
			if imported == "sync" || name != "bot" && (imported == "context" || imported == "sync/atomic") {
				t.Errorf("package %s decides, and imports %s", name, imported)
			}
		}
	}
}

func TestOnlyTheEdgeKnowsWhatsmeow(t *testing.T) {
	edge := []string{"whatsapp", "simulator", "cmd/leadgate"}
	for name, imports := range packages(t) {
		for _, imported := range imports {
			if covers([]string{"go.mau.fi/whatsmeow", "go.mau.fi/libsignal"}, imported) && !slices.Contains(edge, name) {
				t.Errorf("package %s imports %s: only %v may", name, imported, edge)
			}
		}
	}
}

// importTable reads the table of docs/architecture.md: its first column names a package, its last the ones of ours that
// it may import, "–" for none.
func importTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name := strings.TrimSpace(cells[0])
		if len(cells) != 3 || !strings.HasPrefix(name, "`") {
			continue
		}
		var allowed []string
		for entry := range strings.SplitSeq(cells[2], ",") {
			if entry = strings.TrimSpace(entry); entry != "–" {
				allowed = append(allowed, entry)
			}
		}
		table[strings.Trim(name, "`")] = allowed
	}
	if len(table) == 0 {
		t.Fatal("docs/architecture.md holds no table of packages")
	}
	return table
}

// packages returns what the files of every package import, tests left out. It reads the files itself, whatever their
// build constraints, so that a cached result is one for these very files.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		name := filepath.ToSlash(dir)
		found[name] = append(found[name], paths(t, file.Imports)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func paths(t *testing.T, specs []*ast.ImportSpec) []string {
	t.Helper()
	var unquoted []string
	for _, spec := range specs {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		unquoted = append(unquoted, path)
	}
	return unquoted
}
