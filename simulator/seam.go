package simulator

import (
	"net/http"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/util/keys"
)

// delivery says how enqueue treats a stanza.
type delivery struct {
	// smooth keeps the faults away: the stanza is itself the mending of one, or belongs to a login.
	smooth bool
}

// enqueue hands a stanza to a companion: at once when it has its queue, otherwise and again on later logins, until the
// companion has acknowledged it. The stanza must not change any more; its attribute "id" names it in the acknowledgement.
func (s *Server) enqueue(d *device, stanza waBinary.Node, how delivery) {}

type conn struct{}
type certificates struct{ root *keys.KeyPair }
type faults struct{}
type phoneState struct{}
type queue struct{}

func newPhoneState(a *Account) *phoneState                            { return nil }
func newFaults() *faults                                              { return nil }
func newCertificates(any) (certificates, error)                       { return certificates{}, nil }
func (s *Server) acceptSocket(w http.ResponseWriter, r *http.Request) {}
func (s *Server) Cut()                                                {}
