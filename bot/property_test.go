package bot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// towns makes directories for one town after another.
func towns(t *testing.T) func(*rapid.T) string {
	t.Helper()
	root, n := t.TempDir(), 0
	return func(rt *rapid.T) string {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			rt.Fatal(err)
		}
		rt.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
}

func (w *town) close() { _ = w.store.Close() }

func TestWhateverHappensWhatMustBeSoIsSo(t *testing.T) {
	t.Parallel() // it waits for the disk most of the time
	dir := towns(t)
	rapid.Check(t, func(rt *rapid.T) {
		b := drawnBusiness(rt)
		acts := drawnActs(rt, 25)
		w := newTown(rt, dir(rt), b, nil)
		defer w.close()
		w.play(acts)
	})
}

func TestUnderCrashesNoEffectIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	dir := towns(t)
	rapid.Check(t, func(rt *rapid.T) {
		b := drawnBusiness(rt)
		acts := drawnActs(rt, 15)
		crashes := append(rapid.SliceOfN(rapid.IntRange(0, 2), 1, 20).Draw(rt, "crashes"), 0, 0)
		calm, crashing := newTown(rt, dir(rt), b, nil), newTown(rt, dir(rt), b, crashes)
		defer calm.close()
		defer crashing.close()
		calm.play(acts)
		crashing.play(acts)
		if got, want := crashing.books(), calm.books(); got != want {
			rt.Fatalf("the books are\n%s\nand without crashes\n%s", got, want)
		}
		if got, want := fmt.Sprint(crashing.shown), fmt.Sprint(calm.shown); got != want {
			rt.Fatalf("phones show\n%s\nand without crashes\n%s", got, want)
		}
	})
}
