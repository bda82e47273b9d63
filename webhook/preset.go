package webhook

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"leadgate/fault"
)

//go:embed preset/*.toml
var presetFiles embed.FS

// A presetFile is a destination that fills in what another does not say.
type presetFile struct {
	Config
	About      string            `toml:"about"`
	Parameters map[string]string `toml:"parameter"` // name in .with to what it is
	Defaults   map[string]string `toml:"default"`   // parameters that may be left out
	Define     string            `toml:"define"`    // templates that every template of the preset may call
}

// Presets are the names of the presets, in order.
func Presets() []string {
	files, err := fs.Glob(presetFiles, "preset/*.toml")
	if err != nil {
		panic(fmt.Sprintf("presets: %v", err)) // the pattern is a constant
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(file, "preset/"), ".toml")
	}
	return files
}

func readPreset(name string) (presetFile, error) {
	var p presetFile
	data, err := presetFiles.ReadFile("preset/" + name + ".toml")
	if err != nil {
		return p, fmt.Errorf("preset %q: %w", name, err)
	}
	if _, err := toml.Decode(string(data), &p); err != nil {
		return p, fmt.Errorf("preset %q: %w", name, err)
	}
	return p, nil
}

// filled is the destination with what its preset adds, and whether templates make its requests.
func filled(faults *fault.List, c Config) (Config, bool) {
	if c.Preset == "" {
		return c, c.templated()
	}
	if !slices.Contains(Presets(), c.Preset) {
		hint := "it is one of " + strings.Join(Presets(), ", ")
		if meant := fault.Nearest(c.Preset, Presets()); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		faults.Add("preset", fmt.Sprintf("there is no preset %q", c.Preset), hint)
		return c, c.templated()
	}
	p, err := readPreset(c.Preset)
	if err != nil {
		faults.Add("preset", err.Error(), "") // a mistake in a file of ours, which every test meets
		return c, c.templated()
	}
	c = p.fill(c)
	p.checkParameters(faults, c)
	for name, value := range p.Defaults {
		if _, given := c.given()[name]; !given {
			c.With = maps.Clone(c.With)
			if c.With == nil {
				c.With = map[string]string{}
			}
			c.With[name] = value
		}
	}
	return c, c.templated()
}

// fill puts what the preset says where the destination says nothing.
func (p presetFile) fill(c Config) Config {
	c.preset, c.define = map[string]bool{}, p.Define
	fill(&c, "url", &c.URL, p.URL, c.URL == "")
	fill(&c, "format", &c.Format, p.Format, c.Format == "")
	fill(&c, "events", &c.Events, p.Events, c.Events == nil)
	fill(&c, "method", &c.Method, p.Method, c.Method == "")
	fill(&c, "body", &c.Body, p.Body, c.Body == "")
	fill(&c, "success", &c.Success, p.Success, c.Success == nil)
	fill(&c, "busy", &c.Busy, p.Busy, c.Busy == nil)
	fill(&c, "capture", &c.Capture, p.Capture, c.Capture == nil)
	fill(&c, "step", &c.Steps, p.Steps, c.Steps == nil)
	fill(&c, "stage_ids", &c.StageIDs, p.StageIDs, c.StageIDs == nil)
	if c.Rate == 0 {
		c.Rate, c.Burst = p.Rate, max(c.Burst, p.Burst)
	}
	headers := maps.Clone(p.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	maps.Copy(headers, c.Headers)
	c.preset["headers"] = len(c.Headers) == 0
	c.Headers = headers
	return c
}

func fill[T any](c *Config, key string, own *T, preset T, missing bool) {
	if missing {
		*own, c.preset[key] = preset, true
	}
}

// given are the parameters that the destination gives in some way, by name.
func (c Config) given() map[string]string {
	names := map[string]string{}
	for key, values := range map[string]map[string]string{"with": c.With, "with_env": c.WithEnv, "with_file": c.WithFile} {
		for name := range values {
			names[name] = key
		}
	}
	return names
}

func (p presetFile) checkParameters(faults *fault.List, c Config) {
	given, known := c.given(), slices.Sorted(maps.Keys(p.Parameters))
	for _, name := range known {
		_, optional := p.Defaults[name]
		if _, ok := given[name]; !ok && !optional {
			faults.Add("with", fmt.Sprintf("preset %q needs %q: %s", c.Preset, name, p.Parameters[name]),
				fmt.Sprintf("give it in with, or a secret in with_env: with_env = { %s = \"VARIABLE\" }", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(known, name) {
			continue
		}
		hint := "it takes " + strings.Join(known, ", ")
		if meant := fault.Nearest(name, known); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		faults.Add(fault.Join(given[name], name), fmt.Sprintf("preset %q takes no %q", c.Preset, name), hint)
	}
}

// templated reports whether templates make the destination's requests.
func (c Config) templated() bool {
	if len(c.Steps) > 0 || len(c.Capture) > 0 || c.Body != "" || c.Method != "" || c.Success != nil || c.Busy != nil ||
		strings.Contains(c.URL, "{{") {
		return true
	}
	for _, value := range c.Headers {
		if strings.Contains(value, "{{") {
			return true
		}
	}
	return false
}
