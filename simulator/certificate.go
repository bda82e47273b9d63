package simulator

import (
	"crypto/ecdh"
	"fmt"
	"time"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/proto/waCert"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// Serial numbers of the chain. The root's must be 0: whatsmeow's verifyServerCert compares it.
const (
	serialRoot         = 0
	serialIntermediate = 1
	serialLeaf         = 2
)

// certificateYears is how long the chain holds; a server lives for a test or a demonstration.
const certificateYears = 1

// certificates is the chain that proves the server's static Noise key to clients that trust its root.
type certificates struct {
	root   *keys.KeyPair
	static *ecdh.PrivateKey
	chain  []byte // waCert.CertChain, as the handshake sends it
}

// newCertificates makes a root, an intermediate and a leaf, valid around now.
func newCertificates(now time.Time) (certificates, error) {
	root, middle, leaf := keys.NewKeyPair(), keys.NewKeyPair(), keys.NewKeyPair()
	static, err := private(leaf)
	if err != nil {
		return certificates{}, err
	}
	intermediate, err := newCertificate(root, serialIntermediate, serialRoot, middle, now)
	if err != nil {
		return certificates{}, err
	}
	end, err := newCertificate(middle, serialLeaf, serialIntermediate, leaf, now)
	if err != nil {
		return certificates{}, err
	}
	chain, err := proto.Marshal(&waCert.CertChain{Intermediate: intermediate, Leaf: end})
	if err != nil {
		return certificates{}, fmt.Errorf("encode certificates: %w", err)
	}
	return certificates{root: root, static: static, chain: chain}, nil
}

func newCertificate(issuer *keys.KeyPair, serial, issuerSerial uint32, subject *keys.KeyPair, now time.Time) (*waCert.CertChain_NoiseCertificate, error) {
	details, err := proto.Marshal(&waCert.CertChain_NoiseCertificate_Details{
		Serial: proto.Uint32(serial), IssuerSerial: proto.Uint32(issuerSerial), Key: subject.Pub[:],
		NotBefore: proto.Uint64(uint64(now.Add(-24 * time.Hour).Unix())),
		NotAfter:  proto.Uint64(uint64(now.AddDate(certificateYears, 0, 0).Unix())),
	})
	if err != nil {
		return nil, fmt.Errorf("encode a certificate: %w", err)
	}
	return &waCert.CertChain_NoiseCertificate{Details: details, Signature: sign(issuer, details)}, nil
}

// sign makes an XEdDSA signature.
func sign(by *keys.KeyPair, message []byte) []byte {
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*by.Priv), message)
	return signature[:]
}
