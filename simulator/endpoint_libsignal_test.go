package simulator

import (
	"fmt"
	"testing"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/protocol"
	signalsession "go.mau.fi/libsignal/session"
	"go.mau.fi/libsignal/state/record"
	"go.mau.fi/libsignal/tests"
	"go.mau.fi/libsignal/util/keyhelper"
	"go.mau.fi/libsignal/util/optional"
	"go.mau.fi/whatsmeow/store"
)

// oracle is a device that runs on libsignal, as whatsmeow does.
type oracle struct {
	t        *testing.T
	identity *identity.KeyPair
	signed   *record.SignedPreKey
	oneTime  *record.PreKey
	builder  *signalsession.Builder
	cipher   *signalsession.Cipher
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	ctx, serializer := t.Context(), store.SignalProtobufSerializer
	o := &oracle{t: t}
	var err error
	if o.identity, err = keyhelper.GenerateIdentityKeyPair(); err != nil {
		t.Fatal(err)
	}
	if o.signed, err = keyhelper.GenerateSignedPreKey(o.identity, 7, serializer.SignedPreKeyRecord); err != nil {
		t.Fatal(err)
	}
	preKeys, err := keyhelper.GeneratePreKeys(20, 20, serializer.PreKeyRecord)
	if err != nil {
		t.Fatal(err)
	}
	o.oneTime = preKeys[0]
	preKeyStore, signedStore := tests.NewInMemoryPreKey(), tests.NewInMemorySignedPreKey()
	if err := preKeyStore.StorePreKey(ctx, o.oneTime.ID().Value, o.oneTime); err != nil {
		t.Fatal(err)
	}
	if err := signedStore.StoreSignedPreKey(ctx, o.signed.ID(), o.signed); err != nil {
		t.Fatal(err)
	}
	address := protocol.NewSignalAddress(anaAddress().name, anaAddress().device)
	o.builder = signalsession.NewBuilder(tests.NewInMemorySession(serializer), preKeyStore, signedStore,
		tests.NewInMemoryIdentityKey(o.identity, 77), address, serializer)
	o.cipher = signalsession.NewCipher(o.builder, address)
	return o
}

func (o *oracle) bundle() keyBundle {
	oneTime := o.oneTime.KeyPair().PublicKey().PublicKey()
	return keyBundle{
		registrationID: 77, identity: o.identity.PublicKey().PublicKey().PublicKey(),
		signedID: o.signed.ID(), signed: o.signed.KeyPair().PublicKey().PublicKey(), signature: o.signed.Signature(),
		oneTimeID: o.oneTime.ID().Value, oneTime: &oneTime,
	}
}

// meet starts a session from an endpoint's bundle.
func (o *oracle) meet(b keyBundle) {
	o.t.Helper()
	id, oneTime := optional.NewEmptyUint32(), ecc.ECPublicKeyable(nil)
	if b.oneTime != nil {
		id, oneTime = optional.NewOptionalUint32(b.oneTimeID), ecc.NewDjbECPublicKey(*b.oneTime)
	}
	err := o.builder.ProcessBundle(o.t.Context(), prekey.NewBundle(b.registrationID, 0, id, b.signedID, oneTime,
		ecc.NewDjbECPublicKey(b.signed), b.signature, identity.NewKey(ecc.NewDjbECPublicKey(b.identity))))
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *oracle) write(text string) (kind string, body []byte) {
	o.t.Helper()
	m, err := o.cipher.Encrypt(o.t.Context(), []byte(text))
	if err != nil {
		o.t.Fatal(err)
	}
	if m.Type() == protocol.PREKEY_TYPE {
		return encPreKey, m.Serialize()
	}
	return encNormal, m.Serialize()
}

func (o *oracle) read(kind string, body []byte) string {
	o.t.Helper()
	serializer := store.SignalProtobufSerializer
	var text []byte
	if kind == encPreKey {
		m, err := protocol.NewPreKeySignalMessageFromBytes(body, serializer.PreKeySignalMessage, serializer.SignalMessage)
		if err != nil {
			o.t.Fatal(err)
		}
		if text, err = o.cipher.DecryptMessage(o.t.Context(), m); err != nil {
			o.t.Fatal(err)
		}
		return string(text)
	}
	m, err := protocol.NewSignalMessageFromBytes(body, serializer.SignalMessage)
	if err != nil {
		o.t.Fatal(err)
	}
	if text, err = o.cipher.Decrypt(o.t.Context(), m); err != nil {
		o.t.Fatal(err)
	}
	return string(text)
}

// converse lets both write in turns of one to three messages.
func converse(t *testing.T, e *endpoint, o *oracle, endpointFirst bool) {
	t.Helper()
	for i := range 12 {
		for j := range 1 + i%3 {
			text := fmt.Sprintf("turn %d message %d", i, j)
			if (i%2 == 0) == endpointFirst {
				kind, body, err := e.encrypt(shopAddress(), func() (keyBundle, error) { return o.bundle(), nil }, []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if got := o.read(kind, body); got != text {
					t.Fatalf("libsignal read %q, want %q", got, text)
				}
				continue
			}
			kind, body := o.write(text)
			if got, err := e.decrypt(shopAddress(), kind, body); err != nil || string(got) != text {
				t.Fatalf("endpoint read %q, %v; want %q", got, err, text)
			}
		}
	}
}

func TestAnEndpointStartsASessionThatLibsignalUnderstands(t *testing.T) {
	converse(t, newEndpoint(nil), newOracle(t), true)
}

func TestAnEndpointUnderstandsASessionThatLibsignalStarts(t *testing.T) {
	for _, drained := range []bool{false, true} {
		e, o := newEndpoint(nil), newOracle(t)
		e.drain(drained)
		o.meet(e.bundle())
		converse(t, e, o, false)
	}
}
