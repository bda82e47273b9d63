package simulator

import (
	"bytes"
	"compress/zlib"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"
)

// bootstrap is what a phone does for a companion that has logged in for the first time: it shares the key of the app
// state, in which its name stands, and the history, which is empty.
func (a *Account) bootstrap(d *device) {
	if err := a.introduce(d); err != nil {
		a.server.log.Error("bootstrap a companion", "number", a.Phone(), "err", err)
	}
}

func (a *Account) introduce(d *device) error {
	if err := a.shareKeys(d); err != nil {
		return err
	}
	for _, history := range []*waHistorySync.HistorySync{
		{SyncType: waHistorySync.HistorySync_INITIAL_BOOTSTRAP.Enum(), ChunkOrder: proto.Uint32(1), Progress: proto.Uint32(100)},
		{SyncType: waHistorySync.HistorySync_PUSH_NAME.Enum(), Pushnames: []*waHistorySync.Pushname{
			{ID: proto.String(a.phone.String()), Pushname: proto.String(a.pushName())},
		}},
	} {
		message, err := historyNotification(history)
		if err != nil {
			return err
		}
		if err := a.sendPeer(d, message); err != nil {
			return err
		}
	}
	return nil
}

// historyNotification wraps a chunk of history that needs no download.
func historyNotification(history *waHistorySync.HistorySync) (*waE2E.Message, error) {
	raw, err := proto.Marshal(history)
	if err != nil {
		return nil, fmt.Errorf("encode history: %w", err)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(raw); err != nil {
		return nil, fmt.Errorf("compress history: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress history: %w", err)
	}
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: &waE2E.HistorySyncNotification{
			SyncType:                          waE2E.HistorySyncType(history.GetSyncType()).Enum(),
			ChunkOrder:                        history.ChunkOrder,
			Progress:                          history.Progress,
			InitialHistBootstrapInlinePayload: packed.Bytes(),
		},
	}}, nil
}
