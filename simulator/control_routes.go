package simulator

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// ControlServer says how a client reaches the simulator: the values of [whatsapp] server and server_key.
type ControlServer struct {
	URL     string `json:"url"`
	RootKey string `json:"root_key"` // 64 hexadecimal digits
}

// ControlAccount and ControlPerson are what the control API tells of accounts and people.
type ControlAccount struct {
	Phone     string `json:"phone"`
	LID       string `json:"lid"`
	Name      string `json:"name"`
	Connected bool   `json:"connected"`
}

// ControlPerson is a person as the control API lists them.
type ControlPerson struct {
	Phone string `json:"phone"`
	LID   string `json:"lid"`
	Name  string `json:"name"`
}

// controlSend is a request to send a message; To is the phone of the other side.
type controlSend struct {
	To      string  `json:"to"`
	Message Message `json:"message"`
}

type controlSent struct {
	ID string `json:"id"`
}

type controlPick struct {
	To     string `json:"to"`
	Menu   string `json:"menu"`
	Option string `json:"option"`
}

type controlReadIDs struct {
	To  string   `json:"to"`
	IDs []string `json:"ids"`
}

// controlReceived is what arrived; Next goes into the next request's "after".
type controlReceived struct {
	Received []Received `json:"received"`
	Next     int64      `json:"next"`
}

func (s *Server) controlIndex(*http.Request) (any, error) {
	index := map[string]string{}
	for _, route := range s.controlRoutes() {
		index[route.pattern] = route.about
	}
	return index, nil
}

func (s *Server) controlServer(*http.Request) (any, error) {
	key := s.RootKey()
	return ControlServer{URL: s.URL(), RootKey: hex.EncodeToString(key[:])}, nil
}

func (a *Account) describe() ControlAccount {
	return ControlAccount{Phone: a.Phone(), LID: a.LID(), Name: a.pushName(), Connected: a.Connected()}
}

func (p *Person) describe() ControlPerson {
	return ControlPerson{Phone: p.Phone(), LID: p.LID(), Name: p.name}
}

func (s *Server) controlAccounts(*http.Request) (any, error) {
	list := []ControlAccount{}
	for _, a := range s.allAccounts() {
		list = append(list, a.describe())
	}
	slices.SortFunc(list, func(a, b ControlAccount) int { return strings.Compare(a.Phone, b.Phone) })
	return list, nil
}

func (s *Server) controlPeople(*http.Request) (any, error) {
	list := []ControlPerson{}
	s.mu.RLock()
	for _, p := range s.people {
		list = append(list, p.describe())
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b ControlPerson) int { return strings.Compare(a.Phone, b.Phone) })
	return list, nil
}

func (s *Server) controlAddAccount(r *http.Request) (any, error) {
	var opts AccountOptions
	if err := readControl(r, &opts); err != nil {
		return nil, err
	}
	a, err := s.AddAccount(opts)
	if err != nil {
		return nil, err
	}
	return a.describe(), nil
}

func (s *Server) controlAddPerson(r *http.Request) (any, error) {
	var opts PersonOptions
	if err := readControl(r, &opts); err != nil {
		return nil, err
	}
	p, err := s.AddPerson(opts)
	if err != nil {
		return nil, err
	}
	return p.describe(), nil
}

func (s *Server) controlAccount(r *http.Request) (any, error) {
	a, err := s.accountOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	wait, err := patienceOf(r)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		_ = a.WaitConnected(ctx) // the answer says whether it is
	}
	return a.describe(), nil
}

func (s *Server) controlScan(r *http.Request) (any, error) {
	var body struct {
		QR string `json:"qr"`
	}
	a, err := s.accountBody(r, &body)
	if err != nil {
		return nil, err
	}
	return nil, a.Scan(body.QR)
}

func (s *Server) controlCode(r *http.Request) (any, error) {
	var body struct {
		Code string `json:"code"`
	}
	a, err := s.accountBody(r, &body)
	if err != nil {
		return nil, err
	}
	return nil, a.TypeCode(body.Code)
}

func (s *Server) controlUnlink(r *http.Request) (any, error) {
	a, err := s.accountBody(r, &struct{}{})
	if err != nil {
		return nil, err
	}
	return nil, a.Unlink()
}

func (s *Server) controlPhoneSend(r *http.Request) (any, error) {
	var body controlSend
	a, err := s.accountBody(r, &body)
	if err != nil {
		return nil, err
	}
	to, err := s.personOf(body.To)
	if err != nil {
		return nil, err
	}
	id, err := a.Send(to, body.Message)
	return controlSent{id}, err
}

func (s *Server) controlPersonSend(r *http.Request) (any, error) {
	var body controlSend
	p, err := s.personBody(r, &body)
	if err != nil {
		return nil, err
	}
	to, err := s.accountOf(body.To)
	if err != nil {
		return nil, err
	}
	id, err := p.Send(to, body.Message)
	return controlSent{id}, err
}

func (s *Server) controlPick(r *http.Request) (any, error) {
	var body controlPick
	p, err := s.personBody(r, &body)
	if err != nil {
		return nil, err
	}
	to, err := s.accountOf(body.To)
	if err != nil {
		return nil, err
	}
	id, err := p.Pick(to, body.Menu, body.Option)
	return controlSent{id}, err
}

func (s *Server) controlRead(r *http.Request) (any, error) {
	var body controlReadIDs
	p, err := s.personBody(r, &body)
	if err != nil {
		return nil, err
	}
	to, err := s.accountOf(body.To)
	if err != nil {
		return nil, err
	}
	return nil, p.Read(to, body.IDs...)
}

func (s *Server) controlPhoneReceived(r *http.Request) (any, error) {
	a, err := s.accountOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	return arrived(r, &a.inbox.inbox)
}

func (s *Server) controlPersonReceived(r *http.Request) (any, error) {
	p, err := s.personOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	return arrived(r, &p.inbox.inbox)
}

// arrived answers what came into an inbox after the arrivals that the caller knows, and waits for the next if it may.
func arrived(r *http.Request, b *inbox) (any, error) {
	after, err := numberOf(r, "after")
	if err != nil {
		return nil, err
	}
	wait, err := patienceOf(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	for {
		list, next, changed := b.since(after)
		if len(list) > 0 {
			return controlReceived{list, next}, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return controlReceived{[]Received{}, next}, nil
		}
	}
}

// accountBody and personBody find whom the path names and read the body.
func (s *Server) accountBody(r *http.Request, body any) (*Account, error) {
	a, err := s.accountOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	return a, readControl(r, body)
}

func (s *Server) personBody(r *http.Request, body any) (*Person, error) {
	p, err := s.personOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	return p, readControl(r, body)
}
