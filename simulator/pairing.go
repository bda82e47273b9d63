package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mau.fi/libsignal/ecc"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// qrRefs is how many QR codes a registering companion is given; it shows one after the other.
const qrRefs = 6

// confirmTimeout is how long a phone waits for the companion to confirm a pairing.
const confirmTimeout = 20 * time.Second

// Prefixes of the signatures in a device identity: by the account, by the device.
const (
	accountSignaturePrefix = "\x06\x00"
	deviceSignaturePrefix  = "\x06\x01"
)

// pairing is a registering companion: what it brought, and what it waits for. The refs and the registration belong to
// the connection's own goroutine until they are registered and don't change afterwards; the rest is guarded by conn.mu.
type pairing struct {
	refs         []string // keys of Server.pairings
	registration registration

	link      *linkCode
	candidate *candidate
}

// candidate is a device that is paired once its companion has confirmed.
type candidate struct {
	device    *device
	request   string // id of the pair-success
	details   []byte // ADVDeviceIdentity that the companion has to sign
	confirmed chan error
}

// registration is what a companion says of itself before it is paired.
type registration struct {
	id        uint32
	identity  [32]byte
	signed    preKey
	signature [64]byte
}

// readRegistration checks the keys that a companion registers with.
func readRegistration(data *waWa6.ClientPayload_DevicePairingRegistrationData) (registration, error) {
	var r registration
	if len(data.GetERegid()) != 4 || len(data.GetEIdent()) != 32 || len(data.GetESkeyID()) != 3 ||
		len(data.GetESkeyVal()) != 32 || len(data.GetESkeySig()) != 64 {
		return r, errors.New("registration with keys of the wrong length")
	}
	r.id = binary.BigEndian.Uint32(data.GetERegid())
	r.identity = [32]byte(data.GetEIdent())
	r.signed = preKey{id: keyID(data.GetESkeyID()), pub: [32]byte(data.GetESkeyVal())}
	r.signature = [64]byte(data.GetESkeySig())
	if !signedPreKeyHolds(r.identity, r.signed.pub, r.signature) {
		return r, errors.New("registration with a signed prekey that its identity key hasn't signed")
	}
	return r, nil
}

func signedPreKeyHolds(identity, signed [32]byte, signature [64]byte) bool {
	message := slices.Concat([]byte{ecc.DjbType}, signed[:])
	return ecc.VerifySignature(ecc.NewDjbECPublicKey(identity), message, signature)
}

// register gives a companion without an account its QR references.
func (c *conn) register() error {
	r, err := readRegistration(c.client.payload.GetDevicePairingData())
	if err != nil {
		c.server.strange.add(err.Error())
		return err
	}
	c.pair.registration = r
	nodes := make([]waBinary.Node, 0, qrRefs)
	s := c.server
	s.mu.Lock()
	for range qrRefs {
		ref := "2@" + base64.StdEncoding.EncodeToString(s.draws.bytes(24))
		s.pairings[ref] = c
		c.pair.refs = append(c.pair.refs, ref)
		nodes = append(nodes, waBinary.Node{Tag: "ref", Content: []byte(ref)})
	}
	s.mu.Unlock()
	s.counters.add("registrations")
	c.send(waBinary.Node{
		Tag:     "iq",
		Attrs:   waBinary.Attrs{"from": types.ServerJID, "type": "set", "id": s.draws.messageID(), "xmlns": "md"},
		Content: []waBinary.Node{{Tag: "pair-device", Content: nodes}},
	})
	return nil
}

// Scan links the companion that shows a QR code: qrText is the code's whole text, or its part after the #. It returns
// when the companion has confirmed, and fails when the code is unknown, old, or refused by the companion.
func (a *Account) Scan(qrText string) error {
	if _, after, found := strings.Cut(qrText, "#"); found {
		qrText = after
	}
	parts := strings.Split(strings.TrimSpace(qrText), ",")
	if len(parts) < 4 {
		return fmt.Errorf("scan %q: want REF,NOISE,IDENTITY,ADV[,TYPE]", qrText)
	}
	noise, err := base64Key(parts[1])
	if err != nil {
		return fmt.Errorf("scan: noise key %q: %w", parts[1], err)
	}
	identity, err := base64Key(parts[2])
	if err != nil {
		return fmt.Errorf("scan: identity key %q: %w", parts[2], err)
	}
	secret, err := base64Key(parts[3])
	if err != nil {
		return fmt.Errorf("scan: adv secret: %w", err)
	}
	a.server.mu.RLock()
	c := a.server.pairings[parts[0]]
	a.server.mu.RUnlock()
	if c == nil {
		return fmt.Errorf("scan: code %q is unknown or no longer shown", parts[0])
	}
	if noise != c.client.noise || identity != c.pair.registration.identity {
		return errors.New("scan: the code's keys aren't those of the companion that shows it")
	}
	return a.link(c, secret[:])
}

func base64Key(text string) ([32]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return [32]byte{}, err
	}
	if len(raw) != 32 {
		return [32]byte{}, fmt.Errorf("%d bytes instead of 32", len(raw))
	}
	return [32]byte(raw), nil
}

// link makes a companion a device of the account: the phone signs its identity, proves by secret that it has seen the
// companion's code, and waits until the companion has signed in turn.
func (a *Account) link(c *conn, secret []byte) error {
	d, details := a.newDevice(c)
	identity, err := a.vouchFor(d, details, secret)
	if err != nil {
		return err
	}
	wanted := &candidate{device: d, request: a.server.draws.messageID(), details: details, confirmed: make(chan error, 1)}
	if !c.propose(wanted) {
		return errors.New("link: the companion is being linked already")
	}
	defer c.takeCandidate(wanted.request)
	content := []waBinary.Node{
		{Tag: "device-identity", Content: identity},
		{Tag: "device", Attrs: waBinary.Attrs{"jid": d.phoneJID(), "lid": d.lid()}},
		{Tag: "platform", Attrs: waBinary.Attrs{"name": a.platform}},
	}
	if name := a.pushName(); name != "" {
		content = append(content, waBinary.Node{Tag: "biz", Attrs: waBinary.Attrs{"name": name}})
	}
	c.send(waBinary.Node{
		Tag: "iq",
		Attrs: waBinary.Attrs{
			"from": types.ServerJID, "type": "set", "id": wanted.request, "xmlns": "md", "t": a.server.now().Unix(),
		},
		Content: []waBinary.Node{{Tag: "pair-success", Content: content}},
	})
	timer := time.NewTimer(confirmTimeout)
	defer timer.Stop()
	select {
	case err := <-wanted.confirmed:
		return err
	case <-timer.C:
		return fmt.Errorf("link: the companion didn't confirm within %s", confirmTimeout)
	case <-a.server.ctx.Done():
		return errors.New("link: the simulator is closed")
	}
}

// newDevice draws up a device for a registering companion, and the details that both sides sign.
func (a *Account) newDevice(c *conn) (*device, []byte) {
	a.mu.Lock()
	id := a.nextDevice
	a.nextDevice++
	a.mu.Unlock()
	r := c.pair.registration
	d := &device{
		account: a, id: id, noise: c.client.noise, registration: r.id, identity: r.identity,
		prekeys: preKeys{signed: r.signed, signature: r.signature}, queue: newQueue(),
	}
	d.label = fmt.Sprintf("%s:%d", a.phone.User, id)
	details, err := proto.Marshal(&waAdv.ADVDeviceIdentity{
		RawID: proto.Uint32(uint32(id)), Timestamp: proto.Uint64(uint64(a.server.now().Unix())), KeyIndex: proto.Uint32(uint32(id)),
		AccountType: waAdv.ADVEncryptionType_E2EE.Enum(), DeviceType: waAdv.ADVEncryptionType_E2EE.Enum(),
	})
	if err != nil {
		panic("a message of plain fields always encodes: " + err.Error())
	}
	return d, details
}

// vouchFor is what the phone tells the companion: its details, signed, under the secret of the companion's code.
func (a *Account) vouchFor(d *device, details, secret []byte) ([]byte, error) {
	signed, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentity{
		Details: details, AccountSignatureKey: a.identity.Pub[:],
		AccountSignature: sign(a.identity, slices.Concat([]byte(accountSignaturePrefix), details, d.identity[:])),
	})
	if err != nil {
		return nil, fmt.Errorf("encode device identity: %w", err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	container, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentityHMAC{Details: signed, HMAC: mac.Sum(nil)})
	if err != nil {
		return nil, fmt.Errorf("encode device identity: %w", err)
	}
	return container, nil
}

// propose makes a device the one that the companion is asked to become; false if another is proposed already.
func (c *conn) propose(wanted *candidate) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pair.candidate != nil {
		return false
	}
	c.pair.candidate = wanted
	return true
}

// takeCandidate withdraws the proposal with that request id, or returns nil.
func (c *conn) takeCandidate(request string) *candidate {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := c.pair.candidate
	if wanted == nil || wanted.request != request {
		return nil
	}
	c.pair.candidate = nil
	return wanted
}

// pairAnswer takes a registering companion's answer to pair-success; any other answer is to be expected and tells nothing.
func (c *conn) pairAnswer(iq *waBinary.Node) {
	id, _ := iq.Attrs["id"].(string)
	wanted := c.takeCandidate(id)
	if wanted == nil {
		return
	}
	err := wanted.check(iq)
	if err == nil {
		wanted.device.account.adopt(wanted.device)
		c.server.counters.add("pairings")
		c.finish(waBinary.Node{Tag: "stream:error", Attrs: waBinary.Attrs{"code": "515"}})
	}
	wanted.confirmed <- err
}

// check tells whether the companion has confirmed, with its signature.
func (w *candidate) check(iq *waBinary.Node) error {
	if failure, failed := iq.GetOptionalChildByTag("error"); failed {
		return fmt.Errorf("link: the companion refused: %s", failure.String())
	}
	var signed waAdv.ADVSignedDeviceIdentity
	if err := proto.Unmarshal(bytesOf(iq.GetChildByTag("pair-device-sign", "device-identity")), &signed); err != nil {
		return fmt.Errorf("link: decode the companion's confirmation: %w", err)
	}
	d := w.device
	message := slices.Concat([]byte(deviceSignaturePrefix), w.details, d.identity[:], d.account.identity.Pub[:])
	if len(signed.GetDeviceSignature()) != 64 ||
		!ecc.VerifySignature(ecc.NewDjbECPublicKey(d.identity), message, [64]byte(signed.GetDeviceSignature())) {
		return errors.New("link: the companion's signature doesn't hold")
	}
	return nil
}

// adopt adds a confirmed companion to the account.
func (a *Account) adopt(d *device) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.devices[d.id] = d
}
