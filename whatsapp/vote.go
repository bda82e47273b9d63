package whatsapp

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
)

// pollSecret is what the votes on a poll are encrypted with. whatsmeow draws one at random for each attempt and keeps the
// first: votes on the poll of a second attempt under the same id could not be read. Derived from a key that the device
// keeps as long as it is linked, it is the same for every attempt and every process, and tells the daemon's own polls.
func pollSecret(device *store.Device, id string) ([]byte, error) {
	secret, err := hkdf.Key(sha256.New, device.NoiseKey.Priv[:], nil, "leadgate poll "+id, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the secret of a poll: %w", err)
	}
	return secret, nil
}

// voteOf is what somebody else chose in a poll that the daemon has sent with this device; nil when the message is no such
// vote, or one that can't be read.
func voteOf(device *store.Device, evt *events.Message) *chat.Answer {
	update := evt.Message.GetPollUpdateMessage()
	poll := update.GetPollCreationMessageKey().GetID()
	if poll == "" || evt.Info.IsFromMe {
		return nil
	}
	secret, err := pollSecret(device, poll)
	if err != nil {
		return nil
	}
	// Phones may name themselves and the number by phone or by LID, whatever the address on the envelope is.
	for _, author := range []types.JID{device.GetLID(), device.GetJID()} {
		for _, voter := range []types.JID{evt.Info.Sender, evt.Info.SenderAlt} {
			if ballot, ok := openVote(secret, poll, author, voter, update.GetVote()); ok {
				return &chat.Answer{Form: chat.AnswerPoll, Menu: poll, Votes: votes(ballot)}
			}
		}
	}
	return nil
}

// openVote decrypts a vote: PROTOCOL.md section 6, as whatsmeow does it (generateMsgSecretKey).
func openVote(secret []byte, poll string, author, voter types.JID, sealed *waE2E.PollEncValue) (*waE2E.PollVoteMessage, bool) {
	from := voter.ToNonAD().String()
	key, err := hkdf.Key(sha256.New, secret, nil, poll+author.ToNonAD().String()+from+"Poll Vote", 32)
	if err != nil || len(sealed.GetEncIV()) != ivLength {
		return nil, false
	}
	plaintext, err := gcmutil.Decrypt(key, sealed.GetEncIV(), sealed.GetEncPayload(), []byte(poll+"\x00"+from))
	if err != nil {
		return nil, false
	}
	var ballot waE2E.PollVoteMessage
	return &ballot, proto.Unmarshal(plaintext, &ballot) == nil
}

// ivLength is that of AES-GCM; another one makes it panic.
const ivLength = 12

func votes(ballot *waE2E.PollVoteMessage) []string {
	var chosen []string
	for _, label := range ballot.GetSelectedOptions() {
		chosen = append(chosen, hex.EncodeToString(label))
	}
	return chosen
}
