package main

import (
	"os"

	"leadgate/config"
)

type checkCommand struct {
	configFile
}

// Run prints everything that is wrong or doubtful in the config; errors make it fail.
func (c *checkCommand) Run(p *process) error {
	_, report := config.Load(c.Config, os.LookupEnv)
	report.Write(p.stdout)
	if report.Err() != nil {
		return errReported
	}
	return nil
}

// loadConfig reads the config for a command that needs a sound one. Its error names the first problem and how to see the
// others; warnings are check's alone.
func loadConfig(file string) (*config.Config, error) {
	cfg, report := config.Load(file, os.LookupEnv)
	return cfg, report.Err()
}
