package web

import "testing"

func TestTheEndOfAListIsReadWhateverItsLength(t *testing.T) {
	for _, length := range []int{0, 1, longestPage - 1, longestPage, longestPage + 1, 2 * longestPage, 3*longestPage - 1} {
		// The list is the numbers from 1, each its own place.
		from := func(after int64, limit int) ([]int64, error) {
			var found []int64
			for n := after + 1; n <= int64(length) && len(found) < limit; n++ {
				found = append(found, n)
			}
			return found, nil
		}
		got, err := last(from, func(n int64) int64 { return n })
		if err != nil {
			t.Fatal(err)
		}
		want := min(length, longestPage)
		if len(got) != want || want > 0 && (got[0] != int64(length-want+1) || got[want-1] != int64(length)) {
			t.Errorf("of %d there are %d at the end: %v", length, len(got), got)
		}
	}
}
