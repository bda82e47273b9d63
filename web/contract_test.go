package web_test

import (
	"bytes"
	"encoding/json"
	"mime"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the OpenAPI document, which every answer of the office is held against.
type contract struct {
	doc     map[string]any
	mu      sync.Mutex // of schemas
	schemas *jsonschema.Compiler
}

func newContract(t *testing.T) *contract {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{doc: doc.(map[string]any), schemas: jsonschema.NewCompiler()}
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// at is the part of the document at a pointer, with what it refers to in its place; nil when there is none. It returns where
// that part is.
func (c *contract) at(parts ...string) (map[string]any, []string) {
	var v any = c.doc
	for _, p := range parts {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, nil
		}
		v = object[p]
	}
	object, ok := v.(map[string]any)
	if ref, is := object["$ref"].(string); is {
		return c.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	if !ok {
		return nil, nil
	}
	return object, parts
}

// operation is where the operation of a request is, nil when the document has none: because it has no such path, or the
// path does not take the method.
func (c *contract) operation(method, path string) (where []string, known bool) {
	path, _, _ = strings.Cut(path, "?")
	given := strings.Split(path, "/")
	paths, _ := c.at("paths")
	best := ""
	for template := range paths {
		parts := strings.Split(template, "/")
		fits := slices.EqualFunc(parts, given, func(p, g string) bool { return p == g || strings.HasPrefix(p, "{") })
		if fits && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	if best == "" {
		return nil, false
	}
	if op, _ := c.at("paths", best, strings.ToLower(method)); op == nil {
		return nil, true
	}
	return []string{"paths", best, strings.ToLower(method)}, true
}

// holds wants a JSON value to be as the schema of a part's content says.
func (c *contract) holds(t *testing.T, what string, raw []byte, part []string, kind string) {
	t.Helper()
	schema := append(slices.Clone(part), "content", kind, "schema")
	if found, _ := c.at(schema[:len(schema)-1]...); found == nil {
		t.Errorf("%s: the document knows no %s", what, kind)
		return
	}
	if !isJSON(kind) {
		return
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Errorf("%s is not JSON: %v", what, err)
		return
	}
	pointer := make([]string, len(schema))
	for i, s := range schema {
		pointer[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	compiled, err := c.schemas.Compile("openapi.json#/" + strings.Join(pointer, "/"))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s is not as the document says: %v\n%s", what, err, raw)
	}
}

func isJSON(kind string) bool { return strings.HasSuffix(kind, "json") }

// check holds a request and its answer against the document.
func (c *contract) check(t *testing.T, a ask, got answer) {
	t.Helper()
	what := a.method + " " + a.path
	where, known := c.operation(a.method, a.path)
	if where == nil {
		if want := map[bool]int{false: 404, true: 405}[known]; got.status != want && got.status != 401 && got.status != 403 {
			t.Errorf("%s answered %d: the document does not have it", what, got.status)
		}
		return
	}
	response, at := c.at(append(where, "responses", strconv.Itoa(got.status))...)
	if response == nil {
		t.Errorf("%s: the document knows no answer %d", what, got.status)
		return
	}
	if kind, _, err := mime.ParseMediaType(got.header.Get("Content-Type")); err == nil {
		c.holds(t, what+": the answer "+strconv.Itoa(got.status), []byte(got.raw), at, kind)
	} else if response["content"] != nil {
		t.Errorf("%s answered %d without content", what, got.status)
	}
	if got.status >= 300 || a.body == "" {
		return
	}
	kind, _, err := mime.ParseMediaType(a.kind)
	if err != nil {
		kind = "application/json"
	}
	if body, _ := c.at(append(where, "requestBody")...); body != nil {
		c.holds(t, what+": the body "+a.body, []byte(a.body), append(where, "requestBody"), kind)
	} else if a.body != "{}" {
		t.Errorf("%s: the document knows no body, and %s was taken", what, a.body)
	}
}

func TestTheDocumentIsServedToWhoHasAToken(t *testing.T) {
	o := newOffice(t)
	o.send(ask{method: "GET", path: "/openapi.json", token: "none"}).is(401)
	got := o.get("/openapi.json")
	raw, err := os.ReadFile("openapi.json")
	if err != nil || got.raw != string(raw) {
		t.Errorf("what is served is not the document: %v", err)
	}
	got.has("openapi", `"3.1.0"`)
}

// example is the example of a body, with the office's ids in the place of the document's.
func (o *office) example(body map[string]any, ids map[string]string) string {
	o.t.Helper()
	content := body["content"].(map[string]any)["application/json"].(map[string]any)
	raw, err := json.Marshal(content["example"])
	if err != nil || content["example"] == nil {
		o.t.Fatalf("no example: %v", err)
	}
	text := string(raw)
	for placeholder, id := range ids {
		text = strings.ReplaceAll(text, `"`+placeholder+`"`, `"`+id+`"`)
	}
	return text
}
