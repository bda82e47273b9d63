package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/coder/websocket"
	"go.mau.fi/whatsmeow/binary/token"
)

// errPrologue says that a stream doesn't begin with "WA", the protocol's version and that of the token dictionary.
var errPrologue = errors.New("stream doesn't begin with the WhatsApp prologue")

// stream cuts the websocket's messages into frames: three bytes of length, then the body.
type stream struct {
	socket *websocket.Conn
	ctx    context.Context //nolint:containedctx // the server's, for the life of the socket
	buffer []byte
}

// readPrologue takes the first bytes of the stream, after the routing header that some clients put before them.
func (s *stream) readPrologue() ([]byte, error) {
	if err := s.fill(4); err != nil {
		return nil, err
	}
	if s.buffer[0] == 0xED && s.buffer[1] == 0 && s.buffer[2] == 1 {
		if err := s.fill(7); err != nil {
			return nil, err
		}
		n := 7 + int(s.buffer[4])<<16 + int(s.buffer[5])<<8 + int(s.buffer[6])
		if n > maxFrame {
			return nil, errPrologue
		}
		if err := s.fill(n + 4); err != nil {
			return nil, err
		}
		s.buffer = s.buffer[n:]
	}
	prologue := s.buffer[:4:4]
	if !bytes.Equal(prologue, []byte{'W', 'A', 6, token.DictVersion}) {
		return nil, fmt.Errorf("%w: %x", errPrologue, prologue)
	}
	s.buffer = s.buffer[4:]
	return prologue, nil
}

func (s *stream) readFrame() ([]byte, error) {
	if err := s.fill(3); err != nil {
		return nil, err
	}
	n := int(s.buffer[0])<<16 + int(s.buffer[1])<<8 + int(s.buffer[2])
	if n > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes: more than %d", n, maxFrame)
	}
	if err := s.fill(3 + n); err != nil {
		return nil, err
	}
	body := s.buffer[3 : 3+n : 3+n]
	s.buffer = s.buffer[3+n:]
	return body, nil
}

// fill reads on until the buffer holds n bytes.
func (s *stream) fill(n int) error {
	for len(s.buffer) < n {
		kind, data, err := s.socket.Read(s.ctx)
		if err != nil {
			return fmt.Errorf("read from the client: %w", err)
		}
		if kind != websocket.MessageBinary {
			return errors.New("read from the client: a text message on a binary stream")
		}
		if len(s.buffer) == 0 {
			s.buffer = data
		} else {
			s.buffer = append(s.buffer, data...)
		}
	}
	return nil
}

func (s *stream) writeFrame(body []byte) error {
	frame := make([]byte, 0, 3+len(body))
	frame = append(frame, byte(len(body)>>16), byte(len(body)>>8), byte(len(body)))
	if err := s.socket.Write(s.ctx, websocket.MessageBinary, append(frame, body...)); err != nil {
		return fmt.Errorf("write to the client: %w", err)
	}
	return nil
}
