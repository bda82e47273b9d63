package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// vote builds an encrypted vote of voter in a poll that author wrote; voter is the address from which the vote is sent.
// Key, additional data and plaintext: PROTOCOL.md 6, as whatsmeow's DecryptPollVote reads them.
func vote(poll Received, author, voter types.JID, options []string, atMilli int64) (*waE2E.PollUpdateMessage, error) {
	secret := poll.Message.GetMessageContextInfo().GetMessageSecret()
	if poll.Shown.Kind != ShownPoll || len(secret) == 0 {
		return nil, fmt.Errorf("vote: message %q is not a poll with a secret", poll.ID)
	}
	ballot := &waE2E.PollVoteMessage{}
	for _, label := range options {
		if _, ok := poll.Shown.Option(label); !ok {
			return nil, fmt.Errorf("vote: poll %q has no option %q", poll.ID, label)
		}
		sum := sha256.Sum256([]byte(label))
		ballot.SelectedOptions = append(ballot.SelectedOptions, sum[:])
	}
	info := poll.ID + author.String() + voter.String() + "Poll Vote"
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	if err != nil {
		return nil, fmt.Errorf("vote: derive key: %w", err)
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, fmt.Errorf("vote: %w", err)
	}
	iv := make([]byte, aead.NonceSize())
	_, _ = rand.Read(iv) // never fails: documentation of crypto/rand
	return &waE2E.PollUpdateMessage{
		PollCreationMessageKey: &waCommon.MessageKey{
			RemoteJID: proto.String(author.String()), FromMe: proto.Bool(false), ID: proto.String(poll.ID),
		},
		Vote: &waE2E.PollEncValue{
			EncPayload: aead.Seal(nil, iv, mustMarshal(ballot), []byte(poll.ID+"\x00"+voter.String())),
			EncIV:      iv,
		},
		SenderTimestampMS: proto.Int64(atMilli),
	}, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errors.New("no AES key: " + err.Error())
	}
	return cipher.NewGCM(block)
}
