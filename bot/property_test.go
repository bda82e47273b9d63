package bot_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/chat"
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

func TestNothingAutomaticReachesALeadAfterATakeover(t *testing.T) {
	t.Parallel()
	dir := towns(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newTown(rt, dir(rt), drawnBusiness(rt), nil)
		defer w.close()
		number := drawnNumber(rt)
		happens := map[string]func(){
			"nothing":     func() {},
			"lead writes": func() { w.hear(w.message(number, person(0), "hello", 0)) },
			"lead picks":  func() { w.hear(w.message(number, person(0), "1", 0)) },
			"business writes": func() {
				m := w.message(number, person(0), "good morning", 0)
				m.Direction = chat.Outbound
				w.hear(m)
			},
			"goes offline": func() { w.offline[number] = true },
			"goes online":  func() { w.online(number) },
			"is answered":  w.carry,
		}
		for range 20 {
			what := rapid.SampledFrom(slices.Sorted(maps.Keys(happens))).Draw(rt, "what")
			rt.Logf("%s: %s", w.now.Format("15:04:05"), what)
			happens[what]()
			w.check()
			w.now = w.now.Add(time.Second)
		}
		w.online(number)
		w.pass(time.Hour)
	})
}
