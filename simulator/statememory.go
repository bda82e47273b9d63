package simulator

import (
	"context"

	"go.mau.fi/whatsmeow/store"
)

// stateMemory is what a phone remembers for whatsmeow's appstate.Processor; phoneState.mu guards it.
type stateMemory struct {
	versions map[string]stateVersion
	macs     map[string]map[string][]byte // collection, index MAC to value MAC
	keys     map[string]store.AppStateSyncKey
}

type stateVersion struct {
	version uint64
	hash    [128]byte
}

var (
	_ store.AppStateStore        = (*stateMemory)(nil)
	_ store.AppStateSyncKeyStore = (*stateMemory)(nil)
)

// PutAppStateVersion implements store.AppStateStore.
func (m *stateMemory) PutAppStateVersion(_ context.Context, name string, version uint64, hash [128]byte) error {
	m.versions[name] = stateVersion{version, hash}
	return nil
}

// GetAppStateVersion implements store.AppStateStore.
func (m *stateMemory) GetAppStateVersion(_ context.Context, name string) (uint64, [128]byte, error) {
	return m.versions[name].version, m.versions[name].hash, nil
}

// DeleteAppStateVersion implements store.AppStateStore.
func (m *stateMemory) DeleteAppStateVersion(_ context.Context, name string) error {
	delete(m.versions, name)
	delete(m.macs, name)
	return nil
}

// PutAppStateMutationMACs implements store.AppStateStore.
func (m *stateMemory) PutAppStateMutationMACs(_ context.Context, name string, _ uint64, mutations []store.AppStateMutationMAC) error {
	if m.macs[name] == nil {
		m.macs[name] = map[string][]byte{}
	}
	for _, mutation := range mutations {
		m.macs[name][string(mutation.IndexMAC)] = mutation.ValueMAC
	}
	return nil
}

// DeleteAppStateMutationMACs implements store.AppStateStore.
func (m *stateMemory) DeleteAppStateMutationMACs(_ context.Context, name string, indexMACs [][]byte) error {
	for _, mac := range indexMACs {
		delete(m.macs[name], string(mac))
	}
	return nil
}

// GetAppStateMutationMAC implements store.AppStateStore.
func (m *stateMemory) GetAppStateMutationMAC(_ context.Context, name string, indexMAC []byte) ([]byte, error) {
	return m.macs[name][string(indexMAC)], nil
}

// PutAppStateSyncKey implements store.AppStateSyncKeyStore.
func (m *stateMemory) PutAppStateSyncKey(_ context.Context, id []byte, key store.AppStateSyncKey) error {
	m.keys[string(id)] = key
	return nil
}

// GetAppStateSyncKey implements store.AppStateSyncKeyStore.
func (m *stateMemory) GetAppStateSyncKey(_ context.Context, id []byte) (*store.AppStateSyncKey, error) {
	key, known := m.keys[string(id)]
	if !known {
		return nil, nil //nolint:nilnil // the interface says so
	}
	return &key, nil
}

// GetLatestAppStateSyncKeyID implements store.AppStateSyncKeyStore.
func (m *stateMemory) GetLatestAppStateSyncKeyID(context.Context) ([]byte, error) {
	for id := range m.keys {
		return []byte(id), nil // there is one
	}
	return nil, nil
}

// GetAllAppStateSyncKeys implements store.AppStateSyncKeyStore.
func (m *stateMemory) GetAllAppStateSyncKeys(context.Context) (all []*store.AppStateSyncKey, err error) {
	for _, key := range m.keys {
		all = append(all, &key)
	}
	return all, nil
}
