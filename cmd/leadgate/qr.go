package main

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// The white margin around a QR code, in modules. The standard wants four (ISO/IEC 18004); phones make do with one, which
// is what the largest codes of WhatsApp leave on a terminal of 80 columns and 40 lines.
const (
	fullMargin  = 4
	leastMargin = 1
)

// drawQR draws a QR code that fits a number of columns and lines. A character shows two modules, one above the other. They
// are black on white whatever the terminal's own colours are: scanners want it so.
func drawQR(text string, columns, lines int) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("no QR code holds %d characters", len(text))
	}
	margin := min(fullMargin, (columns-code.Size)/2, (2*lines-code.Size)/2)
	if margin < leastMargin {
		least := code.Size + 2*leastMargin
		return "", fmt.Errorf("the QR code takes %d columns and %d lines, and there is room for %d and %d", least, (least+1)/2, columns, lines)
	}
	black := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y)
	}
	var b strings.Builder
	for y := -margin; y < code.Size+margin; y += 2 {
		b.WriteString("\x1b[30;107m") // black on bright white
		for x := -margin; x < code.Size+margin; x++ {
			switch upper, lower := black(x, y), black(x, y+1); {
			case upper && lower:
				b.WriteString("█")
			case upper:
				b.WriteString("▀")
			case lower:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String(), nil
}
