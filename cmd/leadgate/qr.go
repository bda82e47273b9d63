package main

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// clearScreen puts the cursor into the top left corner of an empty terminal (ECMA-48: CUP, ED).
const clearScreen = "\x1b[H\x1b[2J"

// A QR code must fit a terminal of 80 columns and 40 lines, with a line below for what to do. A character shows two
// modules, one above the other.
const (
	maxModules = 78 // (78+1)/2 lines and one more are 40
	quietZone  = 4  // modules around the code that the standard wants (ISO/IEC 18004); less where it would not fit
)

// drawQR draws a QR code of half blocks, black on white whatever the terminal's own colours are: scanners want it so.
func drawQR(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("encode %d characters: %w", len(text), err)
	}
	quiet := min(quietZone, (maxModules-code.Size)/2)
	if quiet < 1 {
		return "", fmt.Errorf("it has %d modules, and a terminal shows %d", code.Size, maxModules-2)
	}
	black := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y)
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("\x1b[30;107m") // black on bright white
		for x := -quiet; x < code.Size+quiet; x++ {
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
