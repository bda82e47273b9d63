package web

import (
	_ "embed"
	"net/http"
)

// document is the API as OpenAPI 3.1 describes it. The tests hold it against the handlers.
//
//go:embed openapi.json
var document []byte

// openAPI answers GET /openapi.json.
func (s *site) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(document) // as in writeJSON
	return nil
}
