// Command leadgate runs next to a business's WhatsApp number: it recognises from the words of each chat where a lead came
// from and how far the sale is, and tells the CRM. This package holds flags, signals, what a terminal shows, and one
// function that wires the parts together; it decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitDone    = 0
	exitProblem = 1 // the message names it
	exitUsage   = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands is the command line.
type commands struct {
	Run        runCommand        `cmd:"" help:"Run the daemon."`
	Demo       demoCommand       `cmd:"" help:"Run the daemon on a simulated WhatsApp: without phone, config or network."`
	Check      checkCommand      `cmd:"" help:"Check the config: every problem, each with its line and a hint."`
	Test       testCommand       `cmd:"" help:"Play conversation scripts against the config, without network, on a virtual clock."`
	Pair       pairCommand       `cmd:"" help:"Log into a number: show the QR code, its text, or the code to type on the phone."`
	Explain    explainCommand    `cmd:"" help:"Say what a message would do, and why each other trigger does nothing."`
	Links      linksCommand      `cmd:"" help:"List the wa.me link of every source trigger, and write its QR code."`
	Report     reportCommand     `cmd:"" help:"Report on the funnel, cohorts, sources, agents or integrations."`
	Leads      leadsCommand      `cmd:"" help:"List, show, move, merge, erase or export leads."`
	Deliveries deliveriesCommand `cmd:"" help:"List what is on its way to destinations, or send it again."`
	Backup     backupCommand     `cmd:"" help:"Write a consistent copy of the store, while the daemon runs or not."`
	Simulator  simulatorCommand  `cmd:"" help:"Run the simulated WhatsApp server alone, for tests of other programs."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// configFile is the flag that most commands share.
type configFile struct {
	Config string `short:"c" default:"leadgate.toml" placeholder:"FILE" help:"The config file; ${default} by default."`
}

// process is what a command sees of the process that it runs in.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// A usageError is a command line that asks for something that can't be, and says what to write instead. It ends the
// process with exitUsage.
type usageError struct{ error }

// run is the whole program but for the process's own end: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli,
		kong.Name("leadgate"),
		kong.Description("Leads from WhatsApp: where they came from, how far the sale is, told to your CRM."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		panic(err) // the commands above are not well formed: no build of this gets past its first test
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "leadgate: %v\n", misuse(args, err))
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends what does not end by itself
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(&process{stdin: stdin, stdout: stdout, stderr: stderr})
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitProblem
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "leadgate: interrupted")
		return exitProblem
	}
	fmt.Fprintf(stderr, "leadgate: %v\n", err)
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitProblem
}

// misuse says what is wrong with a command line, and where to read how it is meant.
func misuse(args []string, err error) error {
	if len(args) == 0 {
		return errors.New("say what to do; leadgate --help lists the commands, leadgate demo shows what they are for")
	}
	about := "leadgate"
	var parsing *kong.ParseError
	if errors.As(err, &parsing) {
		if command := parsing.Context.Selected(); command != nil {
			about = command.FullPath()
		}
	}
	return fmt.Errorf("%w; see %s --help", err, about)
}

// errReported is the error of a command that has said on its own what the problem is.
var errReported = errors.New("already reported")
