package simulator

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.mau.fi/whatsmeow/appstate"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"
)

// phoneState is an account's app state: the collections of patches as the server keeps them, which it can't read, and
// the phone, which holds the key and can.
type phoneState struct {
	account *Account
	keyID   []byte
	keyData []byte
	created int64 // Unix seconds

	mu          sync.Mutex
	collections map[appstate.WAPatchName][][]byte // encoded SyncdPatch; the version is how many there are
	reader      *appstate.Processor
	memory      *stateMemory
	settings    map[string]*waSyncAction.SyncActionValue // what the phone reads, by index joined with "|"
	holding     bool                                     // the key is not shared for now
	waiting     []*device                                // who waits for it
	refusal     int                                      // code of the refusals that are to come
	refusals    int                                      // how many
	silences    int                                      // changes that are made and not answered
}

func newPhoneState(a *Account) *phoneState {
	s := a.server
	memory := &stateMemory{
		versions: map[string]stateVersion{}, macs: map[string]map[string][]byte{}, keys: map[string]store.AppStateSyncKey{},
	}
	p := &phoneState{
		account: a, keyID: binary.BigEndian.AppendUint32([]byte{0, 0}, uint32(s.draws.below(1<<31))), keyData: s.draws.bytes(32),
		created: s.now().Unix(), collections: map[appstate.WAPatchName][][]byte{}, memory: memory,
		reader:   appstate.NewProcessor(&store.Device{AppState: memory, AppStateKeys: memory}, waLog.Noop),
		settings: map[string]*waSyncAction.SyncActionValue{},
	}
	memory.keys[string(p.keyID)] = store.AppStateSyncKey{Data: p.keyData, Timestamp: p.created}
	return p
}

// begin gives every collection a first version, as every account in use has: to a client a collection at version 0 is one
// that it has never synced. The name of the account stands in critical_block.
func (p *phoneState) begin(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, collection := range appstate.AllPatchNames {
		patch := meaningless(collection, 0)
		if collection == appstate.WAPatchCriticalBlock && name != "" {
			patch = appstate.BuildSettingPushName(name)
		}
		if _, err := p.change(patch); err != nil {
			return fmt.Errorf("begin app state %s: %w", collection, err)
		}
	}
	return nil
}

// AppState is what the phone knows of an app state entry, by its index joined with "|" as in "label_edit|1"; nil when
// nobody has set it.
func (a *Account) AppState(index string) *waSyncAction.SyncActionValue {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	return a.state.settings[index]
}

// ChangeAppState lets the phone change app state, with a patch of whatsmeow's appstate.Build functions, and tells the
// companions.
func (a *Account) ChangeAppState(patch appstate.PatchInfo) error {
	a.state.mu.Lock()
	version, err := a.state.change(patch)
	a.state.mu.Unlock()
	if err != nil {
		return fmt.Errorf("change app state %s of %s: %w", patch.Type, a.Phone(), err)
	}
	a.announceState(patch.Type, version, nil)
	return nil
}

// announceState tells the companions, but for one, that a collection has a new version.
func (a *Account) announceState(name appstate.WAPatchName, version int, except *device) {
	for _, d := range a.server.companions(a) {
		if d == except {
			continue
		}
		a.server.enqueue(d, waBinary.Node{
			Tag: "notification",
			Attrs: waBinary.Attrs{
				"from": types.ServerJID, "type": "server_sync", "id": a.server.draws.messageID(), "t": a.server.now().Unix(),
			},
			Content: []waBinary.Node{{Tag: "collection", Attrs: waBinary.Attrs{"name": string(name), "version": version}}},
		}, delivery{})
	}
}

// change encodes and stores a patch of the phone's; p.mu is held.
func (p *phoneState) change(patch appstate.PatchInfo) (version int, err error) {
	ctx := context.Background()
	current, hash, err := p.memory.GetAppStateVersion(ctx, string(patch.Type))
	if err != nil {
		return 0, err
	}
	if patch.Timestamp.IsZero() {
		patch.Timestamp = p.account.server.now()
	}
	raw, err := p.reader.EncodePatch(ctx, p.keyID, appstate.HashState{Version: current, Hash: hash}, patch)
	if err != nil {
		return 0, err
	}
	return p.add(patch.Type, raw)
}

// add stores a patch as the collection's next version, and lets the phone read it; p.mu is held. A patch that the phone
// can't read is stored all the same, as the server couldn't know.
func (p *phoneState) add(name appstate.WAPatchName, raw []byte) (version int, err error) {
	var patch waServerSync.SyncdPatch
	if err := proto.Unmarshal(raw, &patch); err != nil {
		return 0, fmt.Errorf("decode a patch of %s: %w", name, err)
	}
	version = len(p.collections[name]) + 1
	patch.Version = &waServerSync.SyncdVersion{Version: proto.Uint64(uint64(version))}
	stored, err := proto.Marshal(&patch)
	if err != nil {
		return 0, fmt.Errorf("encode a patch of %s: %w", name, err)
	}
	p.collections[name] = append(p.collections[name], stored)
	ctx := context.Background()
	current, hash, err := p.memory.GetAppStateVersion(ctx, string(name))
	if err != nil {
		return 0, err
	}
	mutations, _, err := p.reader.DecodePatches(ctx,
		&appstate.PatchList{Name: name, Patches: []*waServerSync.SyncdPatch{&patch}},
		appstate.HashState{Version: current, Hash: hash}, true)
	if err != nil {
		p.account.server.strange.add(fmt.Sprintf("app state patch of %s that the phone can't read: %v", name, err))
	}
	for _, mutation := range mutations {
		index := strings.Join(mutation.Index, "|")
		if mutation.Operation == waServerSync.SyncdMutation_REMOVE {
			delete(p.settings, index)
		} else {
			p.settings[index] = mutation.Action
		}
	}
	return version, nil
}

// appState answers a fetch of a collection, or takes a companion's patch for it.
func (q *query) appState() ([]waBinary.Node, iqCode) {
	if q.child.Tag != "sync" {
		return nil, iqUnknown
	}
	var answers []waBinary.Node
	for _, collection := range q.child.GetChildrenByTag("collection") {
		attrs := collection.AttrGetter()
		name := appstate.WAPatchName(attrs.OptionalString("name"))
		if !slices.Contains(appstate.AllPatchNames[:], name) {
			q.conn.server.strange.add(fmt.Sprintf("app state collection %q", name))
			return nil, iqBadRequest
		}
		patch, upload := collection.GetOptionalChildByTag("patch")
		if upload {
			state := q.conn.device.account.state
			answers = append(answers, state.upload(q.conn.device, name, attrs.OptionalInt("version"), bytesOf(patch)))
			if state.isSilent() {
				return nil, iqSilent
			}
		} else {
			answers = append(answers, q.conn.device.account.state.fetch(name, attrs.OptionalInt("version")))
		}
	}
	return []waBinary.Node{{Tag: "sync", Content: answers}}, iqResult
}

// fetch answers with the patches that follow version; a snapshot that is asked for may be left out.
func (p *phoneState) fetch(name appstate.WAPatchName, version int) waBinary.Node {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since(name, version)
}

func (p *phoneState) since(name appstate.WAPatchName, version int) waBinary.Node {
	patches := p.collections[name]
	answer := waBinary.Node{Tag: "collection", Attrs: waBinary.Attrs{
		"name": string(name), "version": len(patches), "has_more_patches": "false",
	}}
	if version < 0 || version >= len(patches) {
		return answer
	}
	nodes := make([]waBinary.Node, 0, len(patches)-version)
	for _, patch := range patches[version:] {
		nodes = append(nodes, waBinary.Node{Tag: "patch", Content: patch})
	}
	answer.Content = []waBinary.Node{{Tag: "patches", Content: nodes}}
	return answer
}

// upload takes a companion's patch if it is based on the current version, and refuses it otherwise with what is missing.
func (p *phoneState) upload(from *device, name appstate.WAPatchName, version int, raw []byte) waBinary.Node {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.account.server
	if code := p.refuse(); code != 0 {
		return conflicting(p.since(name, len(p.collections[name])), code)
	}
	if p.account.takeStateConflict() {
		if _, err := p.change(meaningless(name, len(p.collections[name]))); err != nil {
			s.log.Error("change app state ahead of a companion", "err", err)
		}
	}
	if version != len(p.collections[name]) {
		s.counters.add("app_state_conflicts")
		return conflicting(p.since(name, version), 409)
	}
	current, err := p.add(name, raw)
	if err != nil {
		s.strange.add(err.Error())
		return conflicting(p.since(name, version), 400)
	}
	s.counters.add("app_state_changes")
	p.account.announceState(name, current, from)
	return waBinary.Node{Tag: "collection", Attrs: waBinary.Attrs{"name": string(name), "version": current}}
}

func conflicting(answer waBinary.Node, code int) waBinary.Node {
	answer.Attrs["type"] = "error"
	answer.Content = append(answer.GetChildren(), waBinary.Node{Tag: "error", Attrs: waBinary.Attrs{"code": code}})
	return answer
}

// meaningless is a change that matters to nobody.
func meaningless(name appstate.WAPatchName, n int) appstate.PatchInfo {
	return appstate.PatchInfo{Type: name, Mutations: []appstate.MutationInfo{{
		Index: []string{"nux", fmt.Sprintf("simulator-%d", n)}, Version: 7,
		Value: &waSyncAction.SyncActionValue{NuxAction: &waSyncAction.NuxAction{Acknowledged: proto.Bool(true)}},
	}}}
}

// keyShare is the peer message that gives a companion the key of the app state.
func (p *phoneState) keyShare() *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE.Enum(),
		AppStateSyncKeyShare: &waE2E.AppStateSyncKeyShare{Keys: []*waE2E.AppStateSyncKey{{
			KeyID: &waE2E.AppStateSyncKeyId{KeyID: p.keyID},
			KeyData: &waE2E.AppStateSyncKeyData{
				KeyData: p.keyData, Timestamp: proto.Int64(p.created),
				Fingerprint: &waE2E.AppStateSyncKeyFingerprint{RawID: proto.Uint32(1), CurrentIndex: proto.Uint32(0), DeviceIndexes: []uint32{0}},
			},
		}}},
	}}
}
