package main

import (
	"errors"
	"fmt"
	"image/png"
	"os"
	"strings"
	"testing"

	"rsc.io/qr"
	"rsc.io/qr/coding"
)

// A bitmap is a QR code as somebody sees it, without its margin: rows of modules, true for black.
type bitmap [][]bool

// text reads the code. Every module must be as the encoder makes it: nothing is corrected.
func (b bitmap) text(level coding.Level) (string, error) {
	version := coding.Version((len(b) - 17) / 4) // ISO/IEC 18004: 21 modules for version 1, and four more for each
	plan, err := coding.NewPlan(version, level, 0)
	if err != nil || len(plan.Pixel) != len(b) {
		return "", fmt.Errorf("%d modules are no QR code: %w", len(b), err)
	}
	data := make([]byte, version.DataBytes(level))
	for y, row := range plan.Pixel {
		if len(b[y]) != len(b) {
			return "", fmt.Errorf("row %d has %d modules of %d", y, len(b[y]), len(b))
		}
		for x, pixel := range row {
			masked := pixel&coding.Black != 0
			if o := pixel.Offset(); pixel.Role() == coding.Data && b[y][x] != masked {
				data[o/8] |= 1 << (7 - o%8)
			}
		}
	}
	text, err := byteSegment(data, version)
	if err != nil {
		return "", err
	}
	code, err := qr.Encode(text, qr.Level(level))
	if err != nil {
		return "", err
	}
	for y := range b {
		for x := range b {
			if b[y][x] != code.Black(x, y) {
				return "", fmt.Errorf("module %d, %d is not as in the code of %q", x, y, text)
			}
		}
	}
	return text, nil
}

// byteSegment reads text that is encoded in mode "byte".
func byteSegment(data []byte, version coding.Version) (string, error) {
	nibbles := make([]byte, 0, 2*len(data))
	for _, b := range data {
		nibbles = append(nibbles, b>>4, b&15)
	}
	counted := 2 // nibbles of the length
	if version > 9 {
		counted = 4
	}
	if nibbles[0] != 4 {
		return "", fmt.Errorf("mode %d is not byte", nibbles[0])
	}
	length := 0
	for _, n := range nibbles[1 : 1+counted] {
		length = length<<4 | int(n)
	}
	nibbles = nibbles[1+counted:]
	if 2*length > len(nibbles) {
		return "", errors.New("the text is longer than the code")
	}
	text := make([]byte, length)
	for i := range text {
		text[i] = nibbles[2*i]<<4 | nibbles[2*i+1]
	}
	return string(text), nil
}

// drawn is the QR code in lines of half blocks.
func drawn(lines []string) bitmap {
	var b bitmap
	for _, line := range lines {
		var upper, lower []bool
		for _, r := range line {
			upper = append(upper, r == '█' || r == '▀')
			lower = append(lower, r == '█' || r == '▄')
		}
		b = append(b, upper, lower)
	}
	return b.cropped()
}

// cropped is the bitmap without the white around it. The code's corners are black but for the last.
func (b bitmap) cropped() bitmap {
	left, right, first, last := -1, -1, -1, -1
	for y, row := range b {
		for x, black := range row {
			if !black {
				continue
			}
			if first < 0 {
				first = y
			}
			if left < 0 || x < left {
				left = x
			}
			right, last = max(right, x), y
		}
	}
	var code bitmap
	for y := first; y >= 0 && y <= last; y++ {
		row := make([]bool, right-left+1)
		copy(row, b[y][min(left, len(b[y])):])
		code = append(code, row)
	}
	return code
}

// pictured is the QR code in a PNG of a file.
func pictured(file string) (bitmap, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		return nil, err
	}
	const scale = 8 // pixels of a module
	var b bitmap
	for y := scale / 2; y < picture.Bounds().Dy(); y += scale {
		var row []bool
		for x := scale / 2; x < picture.Bounds().Dx(); x += scale {
			r, _, _, _ := picture.At(x, y).RGBA()
			row = append(row, r < 0x8000)
		}
		b = append(b, row)
	}
	return b.cropped(), nil
}

func TestTheLargestCodeOfWhatsAppFitsATerminalOf80By40(t *testing.T) {
	text := strings.Repeat("x", 440) // WhatsApp's have about 330 characters
	const lines = 39                 // and one below for what to do
	picture, err := drawQR(text, 80, lines)
	if err != nil {
		t.Fatal(err)
	}
	picture = strings.NewReplacer("\x1b[30;107m", "", "\x1b[0m", "").Replace(picture)
	rows := strings.Split(strings.TrimSuffix(picture, "\n"), "\n")
	if len(rows) > lines || len([]rune(rows[0])) > 80 {
		t.Errorf("%d lines of %d columns", len(rows), len([]rune(rows[0])))
	}
	for i, row := range rows {
		if !strings.HasPrefix(row, " ") || !strings.HasSuffix(row, " ") {
			t.Errorf("line %d has no margin: %q", i, row)
		}
	}
	if got, err := drawn(rows).text(coding.L); err != nil || got != text {
		t.Errorf("it reads %q, %v", got, err)
	}
}

func TestACodeThatDoesNotFitIsRefusedWithWhatItTakes(t *testing.T) {
	for _, room := range []struct{ columns, lines int }{{80, 10}, {20, 40}, {0, 0}, {-1, -1}} {
		picture, err := drawQR(strings.Repeat("x", 200), room.columns, room.lines)
		if picture != "" || err == nil || !strings.Contains(err.Error(), "takes 55 columns and 28 lines") {
			t.Errorf("%v: %q, %v", room, picture, err)
		}
	}
	if picture, err := drawQR(strings.Repeat("x", 200), 55, 28); err != nil {
		t.Errorf("%v\n%s", err, picture)
	}
	if _, err := drawQR(strings.Repeat("x", 3000), 1000, 1000); err == nil {
		t.Error("no QR code holds 3,000 characters")
	}
}
