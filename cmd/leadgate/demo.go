package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/template"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"leadgate/config"
	"leadgate/simulator"
)

type demoCommand struct {
	Once  bool `help:"Play the conversation, print the funnel and the webhooks, and exit; as without a terminal."`
	Menus bool `help:"Show one menu in its forms, answered in five ways, and exit."`
}

// demoPatience bounds every wait of the demo: on a slow machine a step takes a second, not half a minute.
const demoPatience = 30 * time.Second

//go:embed demo.toml
var demoConfig string

//go:embed demo_menus.toml
var menusConfig string

// Run plays a conversation through the real daemon, and on a terminal lets people go on with it.
func (c *demoCommand) Run(ctx context.Context, p *process) error {
	text, play := demoConfig, (*show).play
	if c.Menus {
		text, play = menusConfig, (*show).playMenus
	}
	stage, err := newDemoStage(text)
	if err != nil {
		return err
	}
	defer closing(newLogger(p.stderr, false), "demo", stage.close)
	playing, cancel := signal.NotifyContext(ctx, syscall.SIGHUP) // which comes when the terminal is closed
	defer cancel()
	group, playing := errgroup.WithContext(playing)
	listening := make(chan string, 1)
	group.Go(func() error {
		d := daemon{config: stage.config, log: newLogger(stage.logFile, false), ready: func(address string) { listening <- address }}
		return d.run(playing)
	})
	group.Go(func() error {
		defer cancel() // the play is over: the daemon ends with it
		select {
		case stage.http = <-listening:
		case <-playing.Done():
			return nil // the daemon's own error says why
		}
		s := &show{demoStage: stage, out: p.stdout, people: map[string]*person{}}
		if !c.Once && isTerminal(p.stdin) && isTerminal(p.stdout) {
			s.keys, s.screen = p.stdin.(*os.File), p.stdout.(*os.File)
		}
		return play(s, playing)
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("demo: %w", err)
	}
	return ctx.Err() // nil unless somebody interrupted it
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// A demoStage is everything around the daemon: the simulated WhatsApp with the business's accounts, the CRM that receives
// webhooks, and a directory that is removed afterwards.
type demoStage struct {
	dir       string
	config    *config.Config
	simulator *simulator.Server
	accounts  map[string]*simulator.Account // by the name of the daemon's number
	receiver  *receiver
	logFile   *os.File
	token     string
	http      string // address of the daemon, once it listens
}

// newDemoStage sets the stage for a config, in whose text the addresses are still to be filled in.
func newDemoStage(text string) (s *demoStage, err error) {
	s = &demoStage{token: "demo", accounts: map[string]*simulator.Account{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("set the demo up: %w", err), s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "leadgate-demo-"); err != nil {
		return s, err
	}
	if s.logFile, err = os.Create(filepath.Join(s.dir, "leadgate.log")); err != nil {
		return s, err
	}
	if s.simulator, err = simulator.New(simulator.Options{}); err != nil {
		return s, err
	}
	if s.receiver, err = startReceiver(); err != nil {
		return s, err
	}
	err = s.configure(text)
	return s, err
}

// configure fills the addresses into the demo's config, and reads it as any other config is read.
func (s *demoStage) configure(unfilled string) error {
	key := s.simulator.RootKey()
	var text bytes.Buffer
	values := map[string]string{"Server": s.simulator.URL(), "ServerKey": hex.EncodeToString(key[:]), "CRM": s.receiver.url}
	if err := template.Must(template.New("demo.toml").Parse(unfilled)).Execute(&text, values); err != nil {
		return err
	}
	secrets := map[string]string{"DEMO_TOKEN": s.token, "DEMO_SECRET": s.receiver.secret}
	cfg, report := config.Parse(text.Bytes(), filepath.Join(s.dir, "demo.toml"), func(name string) (string, bool) {
		value, set := secrets[name]
		return value, set
	})
	if err := report.Err(); err != nil {
		return err
	}
	s.config = cfg
	for _, n := range cfg.Numbers {
		account, err := s.simulator.AddAccount(simulator.AccountOptions{Phone: string(n.Phone), Name: n.Name})
		if err != nil {
			return err
		}
		s.accounts[n.Name] = account
	}
	return nil
}

func (s *demoStage) close() error {
	var errs []error
	if s.receiver != nil {
		errs = append(errs, s.receiver.close())
	}
	if s.simulator != nil {
		errs = append(errs, s.simulator.Close())
	}
	if s.logFile != nil {
		errs = append(errs, s.logFile.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// pair links the daemon to an account of the business as an owner would: it asks the API for the QR code and has the phone
// scan it.
func (s *demoStage) pair(ctx context.Context, number string) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	if err := s.ask(ctx, http.MethodPost, "/api/v1/numbers/"+number+"/pair", nil); err != nil {
		return err
	}
	var numbers struct {
		Items []struct {
			Name string
			QR   string
		}
	}
	qr := ""
	err := poll(ctx, func() (bool, error) {
		err := s.ask(ctx, http.MethodGet, "/api/v1/numbers", &numbers)
		for _, n := range numbers.Items {
			if n.Name == number {
				qr = n.QR
			}
		}
		return qr != "", err
	})
	if err != nil {
		return fmt.Errorf("wait for the QR code: %w", err)
	}
	account := s.accounts[number]
	if err := account.Scan(qr); err != nil {
		return fmt.Errorf("scan the QR code: %w", err)
	}
	if err := account.WaitConnected(ctx); err != nil {
		return fmt.Errorf("wait for the login: %w", err)
	}
	return nil
}

// ask calls the daemon's API and decodes the answer, unless into is nil.
func (s *demoStage) ask(ctx context.Context, method, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.http+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the daemon: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: the daemon answered %s", method, path, resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// poll asks until the answer is yes.
func poll(ctx context.Context, answer func() (bool, error)) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if yes, err := answer(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
