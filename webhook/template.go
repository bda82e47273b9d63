package webhook

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"leadgate/fault"
)

// A place is where a template prints: it decides how values are escaped.
type place string

// The places, by the name of their escaper.
const (
	inJSON   place = "_json"
	inXML    place = "_xml"
	inPath   place = "_path"
	inQuery  place = "_query"
	inHeader place = "_header"
	inText   place = "_text" // nothing is escaped: what is printed stays here
)

// A compiler makes templates of one destination.
type compiler struct {
	faults *fault.List
	o      Options
	env    map[string]string // what {{env "NAME"}} prints, read once
	stages map[string]string // what {{stage}} prints
	define string            // templates that every other may call
	fields []field           // that templates name, of the event as a whole
}

// A field is one that a template names.
type field struct {
	path string
	line int
	keys []string
}

// compile makes a template, or notes at path why there is none.
func (c *compiler) compile(path, text string, in place) *template.Template {
	name := path[strings.LastIndex(path, ".")+1:]
	t, err := template.New(name).Funcs(c.functions()).Option("missingkey=zero").Parse(c.define)
	if err == nil {
		t, err = t.New(name).Parse(text)
	}
	if err != nil {
		c.faults.Add(path, "the template is broken: "+said(err), "")
		return nil
	}
	for _, part := range t.Templates() {
		r := rewriter{c: c, path: path, in: in, text: text}
		if part.Name() != name {
			r.nested++ // what a part is called with, its caller says
		}
		if part.Tree != nil {
			r.list(part.Root)
		}
	}
	return t
}

// said is what package text/template says of a template, without the names by which it knows the functions here.
func said(err error) string {
	var unknown *unknownError
	line := lineOf(err)
	if errors.As(err, &unknown) {
		return line + unknown.Error()
	}
	text := regexp.MustCompile(`^template: [^:]*:[0-9]+(:[0-9]+)?: (executing "[^"]*" at <.*>: )?`).ReplaceAllString(err.Error(), "")
	return line + text
}

// lineOf is the line of a template that an error names, as the beginning of a sentence; "" when it names none.
func lineOf(err error) string {
	if at := regexp.MustCompile(`^template: [^:]*:([0-9]+)`).FindStringSubmatch(err.Error()); at != nil {
		return "line " + at[1] + ": "
	}
	return ""
}

// A rewriter changes a parsed template so that every printed value is escaped, every field is followed by at, and every
// variable of the environment is read now.
type rewriter struct {
	c      *compiler
	path   string
	in     place
	text   string
	nested int // how many range and with stand around: dot is not the event in them
}

func (r *rewriter) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode:
			if r.in == inPath && strings.Contains(string(n.Text), "?") {
				r.in = inQuery
			}
		case *parse.ActionNode:
			r.pipe(n.Pipe)
			if len(n.Pipe.Decl) == 0 && !r.escaped(n.Pipe) {
				n.Pipe.Cmds = append(n.Pipe.Cmds, call(n.Pos, string(r.in)))
			}
		case *parse.IfNode:
			r.pipe(n.Pipe)
			r.list(n.List)
			r.list(n.ElseList)
		case *parse.RangeNode:
			r.branch(&n.BranchNode)
		case *parse.WithNode:
			r.branch(&n.BranchNode)
		case *parse.TemplateNode:
			r.pipe(n.Pipe)
		}
	}
}

func (r *rewriter) branch(n *parse.BranchNode) {
	r.pipe(n.Pipe)
	r.nested++
	r.list(n.List)
	r.nested--
	r.list(n.ElseList)
}

// names notes a field of the event.
func (r *rewriter) names(pos parse.Pos, keys []string) {
	line := 1 + strings.Count(r.text[:min(int(pos), len(r.text))], "\n")
	r.c.fields = append(r.c.fields, field{path: r.path, line: line, keys: keys})
}

// escaped reports whether a pipeline ends in what opts out of escaping.
func (r *rewriter) escaped(p *parse.PipeNode) bool {
	last := p.Cmds[len(p.Cmds)-1].Args[0]
	name, ok := last.(*parse.IdentifierNode)
	return ok && (name.Ident == "raw" || name.Ident == "json" && r.in == inJSON)
}

func (r *rewriter) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, command := range p.Cmds {
		r.readEnv(command)
		for i, arg := range command.Args {
			command.Args[i] = r.arg(arg)
		}
	}
}

func (r *rewriter) arg(node parse.Node) parse.Node {
	switch n := node.(type) {
	case *parse.PipeNode:
		r.pipe(n)
	case *parse.FieldNode:
		if r.nested == 0 {
			r.names(n.Pos, n.Ident)
		}
		return follow(n.Pos, &parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}, n.Ident)
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			if n.Ident[0] == "$" {
				r.names(n.Pos, n.Ident[1:])
			}
			return follow(n.Pos, &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: n.Ident[:1]}, n.Ident[1:])
		}
	case *parse.ChainNode:
		return follow(n.Pos, r.arg(n.Node), n.Field)
	}
	return node
}

// readEnv reads a variable that a template names.
func (r *rewriter) readEnv(command *parse.CommandNode) {
	if name, ok := command.Args[0].(*parse.IdentifierNode); !ok || name.Ident != "env" {
		return
	}
	if len(command.Args) == 2 {
		if text, ok := command.Args[1].(*parse.StringNode); ok {
			value, problem := fromEnv(text.Text, r.c.o)
			if problem != "" {
				r.c.faults.Add(r.path, problem, "")
			}
			r.c.env[text.Text] = value
			return
		}
	}
	r.c.faults.Add(r.path, "env takes the name of one variable, in quotes", `such as {{env "CRM_KEY"}}`)
}

// call is a command of a pipeline: a function and its arguments.
func call(pos parse.Pos, function string, args ...parse.Node) *parse.CommandNode {
	name := parse.NewIdentifier(function).SetPos(pos)
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: append([]parse.Node{name}, args...)}
}

// follow is (_at node "key" "key").
func follow(pos parse.Pos, node parse.Node, keys []string) *parse.PipeNode {
	args := []parse.Node{node}
	for _, key := range keys {
		args = append(args, &parse.StringNode{NodeType: parse.NodeString, Pos: pos, Quoted: fmt.Sprintf("%q", key), Text: key})
	}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{call(pos, "_at", args...)}}
}

// stageNames are the stages that the configuration gives the destination's own names, in order.
func (c *compiler) stageNames() []string { return slices.Sorted(maps.Keys(c.stages)) }
