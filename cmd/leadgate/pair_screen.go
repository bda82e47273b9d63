package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"leadgate/chat"
	"leadgate/whatsapp"
)

// A pairScreen is what somebody sees who pairs a number: on a terminal the QR code as a picture, elsewhere its text, one
// line each time it changes. What goes wrong on the way is said beside it.
type pairScreen struct {
	out, errs io.Writer
	number    chat.Number
	code      bool                      // the letters to type instead of the QR code
	size      func() (width, lines int) // of the terminal; nil: no terminal, or lines of text are wanted

	qr     string // the text of the QR code that is shown; "" for none
	notice string // why the last attempt failed; "" for no reason
	status string // the sentence that the last look at the number gave
	said   string // the last such sentence that was printed
}

// What a terminal does by itself (ECMA-48, and xterm for the other screen). A code is shown on the other screen: what stood
// on the terminal comes back when it is gone.
const (
	otherScreen = "\x1b[?1049h"
	usualScreen = "\x1b[?1049l"
	clearScreen = "\x1b[H\x1b[2J"
)

// lookEvery is how often the screen looks whether WhatsApp can be reached. What is still so at the next look is said.
const lookEvery = time.Second

func newPairScreen(p *process, number chat.Number, plain, code bool) *pairScreen {
	s := &pairScreen{out: p.stdout, errs: p.stderr, number: number, code: code}
	if file, ok := p.stdout.(*os.File); ok && !plain && isTerminal(file) {
		s.size = func() (width, lines int) {
			width, lines, err := term.GetSize(int(file.Fd()))
			if err != nil {
				return 80, 24 // what a terminal has that does not say
			}
			return width, lines
		}
	}
	return s
}

// pair shows codes until the phone has taken one.
func (s *pairScreen) pair(ctx context.Context, n *whatsapp.Number) error {
	events, err := n.Pair(ctx, s.code)
	if errors.Is(err, whatsapp.ErrPaired) {
		return fmt.Errorf("%s is linked already; to link it anew, unlink leadgate on the phone first", s.number.Name)
	}
	if err != nil {
		return fmt.Errorf("pair %s: %w", s.number.Name, err)
	}
	resized := make(chan os.Signal, 1)
	if s.size != nil {
		signal.Notify(resized, syscall.SIGWINCH)
		defer signal.Stop(resized)
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case e, open := <-events:
			if !open {
				s.clear()
				return fmt.Errorf("%s was not linked", s.number.Name)
			}
			if done, err := s.show(e); done || err != nil {
				return err
			}
		case <-resized:
			if s.qr != "" {
				s.draw()
			}
		case <-look.C:
			s.look(n.Status())
		}
	}
}

// show shows one step. It is done when the phone has linked the number.
func (s *pairScreen) show(e whatsapp.PairEvent) (done bool, err error) {
	switch e.Kind {
	case whatsapp.PairQR:
		switch {
		case s.code:
		case s.size == nil:
			fmt.Fprintln(s.out, e.Text)
		default:
			if s.qr == "" {
				fmt.Fprint(s.out, otherScreen)
			}
			s.qr = e.Text
			s.draw()
		}
	case whatsapp.PairCode:
		if s.size == nil {
			fmt.Fprintln(s.out, e.Text)
			break
		}
		fmt.Fprintf(s.out, "On the phone %s: WhatsApp, Linked devices, Link a device,\nLink with phone number instead. Type  %s\n", s.number.Phone, e.Text)
	case whatsapp.PairExpired:
		if s.qr == "" {
			fmt.Fprintf(s.errs, "leadgate: %s; a new one follows\n", e.Text)
		}
	case whatsapp.PairRefused:
		s.notice = e.Text
		if s.qr != "" {
			s.draw()
			break
		}
		fmt.Fprintf(s.errs, "leadgate: %s; a new code follows\n", e.Text)
	case whatsapp.PairFailed:
		s.clear()
		return false, fmt.Errorf("pair %s: %s", s.number.Name, e.Text)
	case whatsapp.PairDone:
		s.clear()
		if s.size != nil {
			fmt.Fprintf(s.out, "%s (%s) is linked. Start the daemon with: leadgate run\n", s.number.Name, s.number.Phone)
		}
		return true, nil
	}
	return false, nil
}

// look says how the number stands when there is no code to show for longer than a moment.
func (s *pairScreen) look(now whatsapp.Status) {
	last := s.status
	s.status = now.Sentence
	if now.QR != "" || now.Sentence != last || now.Sentence == s.said {
		return
	}
	s.said = now.Sentence
	s.clear()
	fmt.Fprintln(s.errs, "leadgate: "+now.Sentence)
}

// draw fills the terminal with the QR code and, below it, what to do.
func (s *pairScreen) draw() {
	width, lines := s.size()
	below := wrap(fmt.Sprintf("Scan it with %s: WhatsApp, Linked devices, Link a device.", s.number.Phone), width-1)
	if s.notice != "" {
		below = append(below, wrap("Not linked: "+s.notice, width-1)...)
	}
	picture, err := drawQR(s.qr, width, lines-len(below))
	if err != nil && s.notice != "" {
		below = below[:1] // a code that can be scanned says more
		picture, err = drawQR(s.qr, width, lines-len(below))
	}
	if err != nil {
		picture = ""
		below = wrap(fmt.Sprintf("No room: %v. Make the terminal larger, or end with Ctrl-C and pair with --code.", err), width-1)
	}
	fmt.Fprint(s.out, clearScreen, picture, strings.Join(below, "\n")) // no line end: it would scroll a full terminal
}

// clear takes a code away that is of no use any more.
func (s *pairScreen) clear() {
	if s.qr != "" {
		fmt.Fprint(s.out, usualScreen)
		s.qr = ""
	}
}
