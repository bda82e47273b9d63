package simulator

import (
	"errors"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// accountInbox is what the phone of an account knows of its chats.
type accountInbox struct {
	inbox
	history letters // what people wrote to the account, and what the phone wrote
	asked   asked

	pen sync.Mutex // keeps the phone's messages in the order of its Send calls

	mu           sync.Mutex
	unhelpful    bool // placeholder requests wait
	placeholders []placeholderRequest
}

// placeholderRequest is a companion's request for messages that it got only a placeholder of.
type placeholderRequest struct {
	from *device
	id   string // of the request's stanza
	keys []*waCommon.MessageKey
}

// Send writes m to a person on the phone itself: the person gets it, and every companion a device-sent copy.
func (a *Account) Send(to *Person, m Message) (id string, err error) {
	if err := m.check(); err != nil {
		return "", err
	}
	if m.Group || m.Status || m.Garbage != nil {
		return "", errors.New("message: the phone posts in no group or status and sends no garbage")
	}
	s := a.server
	a.inbox.pen.Lock()
	defer a.inbox.pen.Unlock()
	attrs := waBinary.Attrs{"from": a.lid, "recipient": to.lid, "peer_recipient_pn": to.phone, "addressing_mode": "lid"}
	w := writing{self: a.lid, chat: to.lid, mine: a.wrote, got: &a.inbox.inbox}
	if to.byPhone {
		attrs = waBinary.Attrs{"from": a.phone, "recipient": to.phone, "peer_recipient_lid": to.lid, "addressing_mode": "pn"}
		w.self, w.chat = a.phone, to.phone
	}
	if to.hideAlternate.Load() {
		delete(attrs, "peer_recipient_pn")
		delete(attrs, "peer_recipient_lid")
	}
	l, err := s.write(m, attrs, w)
	if err != nil {
		return "", err
	}
	l.byPhone, l.pushName = true, a.pushName()
	content := l.content()
	l.plaintext = mustMarshal(&waE2E.Message{
		DeviceSentMessage:  &waE2E.DeviceSentMessage{DestinationJID: proto.String(w.chat.String()), Message: content},
		MessageContextInfo: content.GetMessageContextInfo(),
	})
	a.inbox.history.add(l)
	inner, viewOnce := unwrap(content)
	text, _ := textOf(inner)
	to.inbox.add(Received{
		ID: l.id, At: s.now(), From: a.Phone(), To: to.Phone(), Text: text,
		Shown: show(inner, viewOnce, waBinary.Node{}), Message: inner,
	})
	return l.id, s.dispatch(a, a.endpoint, l)
}

// wrote tells whether a message is the account's own, from the phone or from a companion.
func (a *Account) wrote(id string) bool {
	if l, ok := a.inbox.history.find(id); ok {
		return l.byPhone
	}
	_, ok := a.inbox.find(id)
	return ok
}

// sendPeer sends a message from the phone itself to one of its companions: keys, history, answers to its requests. It can
// be asked for again like any other.
func (a *Account) sendPeer(to *device, m *waE2E.Message) error {
	s := a.server
	l := &letter{id: s.draws.messageID(), enc: waBinary.Attrs{}, byPhone: true, plaintext: mustMarshal(m)}
	l.attrs = waBinary.Attrs{"from": a.phone, "id": l.id, "t": s.now().Unix(), "type": "text", "category": "peer"}
	a.inbox.history.add(l)
	stanza, err := l.seal(a.endpoint, to, 0, func() (keyBundle, error) { return s.fetchBundle(to) })
	if err != nil {
		return err
	}
	s.enqueue(to, stanza, delivery{smooth: true})
	return nil
}

// onRetry takes a companion's retry receipt for a message that the phone wrote.
func (a *Account) onRetry(from *device, receipt waBinary.Node) {
	a.server.resend(from, receipt, a.endpoint, &a.inbox.history)
}

// deliverToPhone takes an <enc> that a companion addressed to its own phone: a copy of what it sent, or a peer message.
func (a *Account) deliverToPhone(from *device, stanza, enc waBinary.Node) {
	s := a.server
	id := attr(stanza, "id")
	address := waBinary.Attrs{"from": a.lid}
	if chat, ok := stanza.Attrs["to"].(types.JID); ok {
		address["recipient"] = chat
	}
	m, stanza, err := s.read(reader{endpoint: a.endpoint, asked: &a.inbox.asked, address: address}, from, stanza, enc)
	switch {
	case errors.Is(err, errDuplicate):
		a.inbox.repeated(id)
	case err != nil:
	case m.GetDeviceSentMessage() != nil:
		a.noteSent(id, m, stanza)
	case m.GetProtocolMessage().GetPeerDataOperationRequestMessage() != nil:
		a.onPeerRequest(from, id, m.GetProtocolMessage().GetPeerDataOperationRequestMessage())
	case m.GetProtocolMessage().GetAppStateSyncKeyRequest() != nil:
		err = a.shareKeys(from)
	default:
		s.strange.add("peer message " + m.GetProtocolMessage().GetType().String())
	}
	if err != nil && !errors.Is(err, errAsked) && !errors.Is(err, errDuplicate) {
		s.log.Warn("simulated phone could not take a message", "number", a.Phone(), "err", err)
	}
}

// noteSent puts the copy of a companion's message into the phone's chat.
func (a *Account) noteSent(id string, m *waE2E.Message, stanza waBinary.Node) {
	to := m.GetDeviceSentMessage().GetDestinationJID()
	if chat, err := types.ParseJID(to); err == nil {
		if _, person := a.server.lookup(chat); person != nil {
			to = person.Phone()
		}
	}
	inner, viewOnce := unwrap(m)
	text, _ := textOf(inner)
	a.inbox.add(Received{
		ID: id, At: a.server.now(), From: a.Phone(), To: to, Text: text,
		Shown: show(inner, viewOnce, stanza), Message: inner,
	})
}

func (a *Account) onPeerRequest(from *device, id string, request *waE2E.PeerDataOperationRequestMessage) {
	if request.GetPeerDataOperationRequestType() != waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND {
		a.server.strange.add("peer request " + request.GetPeerDataOperationRequestType().String())
		return
	}
	a.server.counters.add("placeholders_requested")
	wanted := placeholderRequest{from: from, id: id}
	for _, one := range request.GetPlaceholderMessageResendRequest() {
		wanted.keys = append(wanted.keys, one.GetMessageKey())
	}
	a.inbox.mu.Lock()
	if a.inbox.unhelpful {
		a.inbox.placeholders = append(a.inbox.placeholders, wanted)
		a.inbox.mu.Unlock()
		return
	}
	a.inbox.mu.Unlock()
	a.answerPlaceholders(wanted)
}

// AnswerPlaceholders says whether the phone is there to hand out messages of which companions got only a placeholder. It
// is at first. Requests that come while it isn't are answered when it is back.
func (a *Account) AnswerPlaceholders(on bool) {
	a.inbox.mu.Lock()
	a.inbox.unhelpful = !on
	var waiting []placeholderRequest
	if on {
		waiting, a.inbox.placeholders = a.inbox.placeholders, nil
	}
	a.inbox.mu.Unlock()
	for _, wanted := range waiting {
		a.answerPlaceholders(wanted)
	}
}

// answerPlaceholders sends the messages that a companion asked for, as far as the phone has them.
func (a *Account) answerPlaceholders(wanted placeholderRequest) {
	var results []*waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult
	for _, key := range wanted.keys {
		l, ok := a.inbox.history.find(key.GetID())
		if !ok || l.content() == nil {
			a.server.counters.add("placeholders_unknown")
			continue
		}
		results = append(results, &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult{
			PlaceholderMessageResendResponse: &waE2E.PeerDataOperationRequestResponseMessage_PeerDataOperationResult_PlaceholderMessageResendResponse{
				WebMessageInfoBytes: mustMarshal(l.webMessage(key)),
			},
		})
	}
	if len(results) == 0 {
		return
	}
	a.server.counters.add("placeholders_answered")
	err := a.sendPeer(wanted.from, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE.Enum(),
		PeerDataOperationRequestResponseMessage: &waE2E.PeerDataOperationRequestResponseMessage{
			PeerDataOperationRequestType: waE2E.PeerDataOperationRequestType_PLACEHOLDER_MESSAGE_RESEND.Enum(),
			StanzaID:                     proto.String(wanted.id),
			PeerDataOperationResult:      results,
		},
	}})
	if err != nil {
		a.server.log.Warn("simulated phone could not answer a placeholder request", "err", err)
	}
}

// webMessage is the letter as a phone stores it.
func (l *letter) webMessage(key *waCommon.MessageKey) *waWeb.WebMessageInfo {
	stored := proto.CloneOf(key)
	stored.FromMe = proto.Bool(l.byPhone)
	at, _ := l.attrs["t"].(int64)
	content := l.content()
	if inner := content.GetDeviceSentMessage().GetMessage(); inner != nil {
		content = inner
	}
	m := &waWeb.WebMessageInfo{
		Key: stored, Message: content, MessageTimestamp: proto.Uint64(uint64(max(at, 0))), PushName: textOrNil(l.pushName),
	}
	if author, ok := l.attrs["participant"].(types.JID); ok {
		m.Participant = proto.String(author.String())
	}
	return m
}
