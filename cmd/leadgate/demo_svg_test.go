package main

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The measures of the recording, in pixels and seconds.
const (
	charWidth, lineHeight = 8.4, 20
	padding, bar          = 18, 34
	sceneSeconds          = 5
)

// stepSeconds is when the steps of a scene appear after it has begun.
func stepSeconds() []float64 { return []float64{0, .7, 1.6, 2.6, 3.2} }

// webhookLine is a line of what the CRM received.
var webhookLine = regexp.MustCompile(`^  webhook  (\S+) +(.*)$`)

// recording makes an animated picture of a terminal from what leadgate printed: each block of lines is a scene, and what
// somebody does, what a phone shows and what the CRM receives are its steps. It moves by CSS alone.
func recording(printed string) string {
	scenes := strings.Split(strings.TrimSpace(printed), "\n\n")[1:]
	columns, rows := 0, 0
	for _, scene := range scenes {
		lines := strings.Split(scene, "\n")
		rows = max(rows, len(lines))
		for _, line := range lines {
			columns = max(columns, utf8.RuneCountInString(line))
		}
	}
	width, height := int(float64(columns)*charWidth)+2*padding, bar+rows*lineHeight+2*padding
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n",
		width, height, width, height)
	b.WriteString("<title>leadgate demo --menus: one menu, shown and answered in five ways</title>\n")
	b.WriteString(recordingStyle(len(scenes)))
	fmt.Fprintf(&b, `<rect class="w" width="%d" height="%d" rx="10"/>`+"\n", width, height)
	for i, color := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="6" fill="%s"/>`, 22+20*i, color)
	}
	fmt.Fprintf(&b, "\n"+`<text class="d" x="%d" y="23" text-anchor="middle">$ leadgate demo --menus</text>`+"\n", width/2)
	for i, scene := range scenes {
		fmt.Fprintf(&b, `<g style="--at:%ds">`+"\n", (i-len(scenes))*sceneSeconds)
		b.WriteString(recordedScene(scene))
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// recordingStyle makes the steps of every scene appear one after another and go with it. Without motion the first stays.
func recordingStyle(scenes int) string {
	total := float64(scenes * sceneSeconds)
	var b strings.Builder
	b.WriteString("<style>\n" +
		"text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d6dbe2;white-space:pre}\n" +
		".w{fill:#14181f}.d{fill:#7d8794}.b{font-weight:700;fill:#fff}.h{fill:#7ee0a1}\n" +
		"g+g g{opacity:0}\n")
	end := 100 * (sceneSeconds - .1) / total
	for i, at := range stepSeconds() {
		begin := 100 * at / total
		hidden := "0%{opacity:0}"
		if i == 0 {
			hidden = ""
		}
		fmt.Fprintf(&b, ".s%d{animation:s%d %gs step-end var(--at) infinite}@keyframes s%d{%s%.2f%%{opacity:1}%.2f%%,100%%{opacity:0}}\n",
			i, i, total, i, hidden, begin, end)
	}
	b.WriteString("@media(prefers-reduced-motion){g g{animation:none}}\n</style>\n")
	return b.String()
}

// recordedScene draws the lines of a scene. A line with a label of its own begins a step, as do webhooks.
func recordedScene(scene string) string {
	var b strings.Builder
	step := -1
	for i, line := range strings.Split(scene, "\n") {
		y := bar + padding + i*lineHeight + 12
		hook := webhookLine.FindStringSubmatch(line)
		if !strings.HasPrefix(line, " ") || hook != nil {
			if step >= 0 {
				b.WriteString("</g>\n")
			}
			step++
			fmt.Fprintf(&b, `<g class="s%d">`+"\n", step)
		}
		if hook != nil {
			b.WriteString(recordedText("h", 2, y, "webhook  "+hook[1]+"  "+hook[2]))
			continue
		}
		const label = 29
		head, rest := line, ""
		if utf8.RuneCountInString(line) > label {
			head, rest = string([]rune(line)[:label]), string([]rune(line)[label:])
		}
		b.WriteString(recordedText("b", 0, y, strings.TrimSpace(head)))
		if rest, shown := strings.CutPrefix(rest, "│"); shown {
			b.WriteString(recordedText("d", label, y, "│"))
			b.WriteString(recordedText("t", label+2, y, strings.TrimPrefix(rest, " ")))
			continue
		}
		b.WriteString(recordedText("t", label, y, rest))
	}
	b.WriteString("</g>\n")
	return b.String()
}

// recordedText is a text at a column.
func recordedText(class string, column, y int, text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(`<text class="%s" x="%.1f" y="%d">%s</text>`+"\n", class, padding+float64(column)*charWidth, y, html.EscapeString(text))
}
