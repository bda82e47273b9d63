package simulator

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// plainMessage and plainReceived are the types without their JSON methods.
type (
	plainMessage  Message
	plainReceived Received
)

// jsonMessage is a Message in JSON, which has no bytes that aren't UTF-8 and no protobuf.
type jsonMessage struct {
	*plainMessage
	TextBytes []byte `json:"text_base64,omitempty"` // instead of text, when that isn't UTF-8
	RawBytes  []byte `json:"raw_base64,omitempty"`  // Raw, marshalled
}

// MarshalJSON writes text that isn't UTF-8 as text_base64, and Raw as the base64 of its protobuf in raw_base64.
func (m Message) MarshalJSON() ([]byte, error) {
	plain := plainMessage(m)
	out := jsonMessage{plainMessage: &plain}
	if !utf8.ValidString(m.Text) {
		out.TextBytes, plain.Text = []byte(m.Text), ""
	}
	if m.Raw != nil {
		raw, err := proto.Marshal(m.Raw)
		if err != nil {
			return nil, fmt.Errorf("raw message: %w", err)
		}
		out.RawBytes = raw
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes; unknown fields are an error.
func (m *Message) UnmarshalJSON(data []byte) error {
	in := jsonMessage{plainMessage: (*plainMessage)(m)}
	if err := strictly(data, &in); err != nil {
		return err
	}
	if in.TextBytes != nil {
		m.Text = string(in.TextBytes)
	}
	if in.RawBytes == nil {
		return nil
	}
	m.Raw = &waE2E.Message{}
	if err := proto.Unmarshal(in.RawBytes, m.Raw); err != nil {
		return fmt.Errorf("raw_base64: %w", err)
	}
	return nil
}

// jsonReceived is a Received in JSON, with its content as the base64 of the protobuf.
type jsonReceived struct {
	plainReceived
	Protobuf []byte `json:"protobuf,omitempty"`
}

// MarshalJSON adds Message as the base64 of its protobuf.
func (r Received) MarshalJSON() ([]byte, error) {
	out := jsonReceived{plainReceived: plainReceived(r)}
	if r.Message != nil {
		raw, err := proto.Marshal(r.Message)
		if err != nil {
			return nil, fmt.Errorf("received message %q: %w", r.ID, err)
		}
		out.Protobuf = raw
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Received) UnmarshalJSON(data []byte) error {
	var in jsonReceived
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r = Received(in.plainReceived)
	if in.Protobuf == nil {
		return nil
	}
	r.Message = &waE2E.Message{}
	if err := proto.Unmarshal(in.Protobuf, r.Message); err != nil {
		return fmt.Errorf("received message %q: %w", r.ID, err)
	}
	r.Text, _ = textOf(r.Message) // JSON may have lost bytes that aren't UTF-8
	return nil
}
