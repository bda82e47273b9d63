package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"

	"leadgate/fault"
)

const (
	secretPrefix  = "whsec_"
	secretHint    = `make one with: echo "whsec_$(openssl rand -base64 32)"`
	shortestBytes = 24 // Standard Webhooks 1.0.0, "Signature scheme"
	longestBytes  = 64
)

// checkSecret returns the signing key, or nil when it found a fault. No fault quotes a secret.
func checkSecret(faults *fault.List, c Config, o Options) []byte {
	type source struct{ at, value string }
	var given []source
	for _, s := range []source{{"secret", c.Secret}, {"secret_env", c.SecretEnv}, {"secret_file", c.SecretFile}} {
		if s.value != "" {
			given = append(given, s)
		}
	}
	switch len(given) {
	case 0:
		faults.Add("secret", "a destination needs a secret: it signs each request",
			"name an environment variable with secret_env, or a file with secret_file; "+secretHint)
		return nil
	case 1:
	default:
		for _, s := range given[1:] {
			faults.Add(s.at, fmt.Sprintf("a second secret beside %s", given[0].at), "leave one out")
		}
		return nil
	}
	secret, problem := given[0].value, ""
	switch given[0].at {
	case "secret_env":
		secret, problem = fromEnv(c.SecretEnv, o)
	case "secret_file":
		secret, problem = fromFile(c.SecretFile, o)
	}
	if problem != "" {
		faults.Add(given[0].at, problem, "")
		return nil
	}
	key, problem := parseSecret(secret)
	if problem != "" {
		faults.Add(given[0].at, problem, secretHint)
		return nil
	}
	return key
}

func fromEnv(name string, o Options) (secret, problem string) {
	secret, set := o.LookupEnv(name)
	switch {
	case !set:
		return "", fmt.Sprintf("environment variable %q is not set", name)
	case strings.TrimSpace(secret) == "":
		return "", fmt.Sprintf("environment variable %q is empty", name)
	}
	return strings.TrimSpace(secret), ""
}

func fromFile(name string, o Options) (secret, problem string) {
	content, err := o.ReadFile(name)
	if err != nil {
		return "", "can't read the secret: " + err.Error()
	}
	if secret = strings.TrimSpace(string(content)); secret == "" {
		return "", fmt.Sprintf("file %q is empty", name)
	}
	return secret, ""
}

func parseSecret(secret string) (key []byte, problem string) {
	encoded, found := strings.CutPrefix(secret, secretPrefix)
	if !found {
		return nil, "the secret does not begin with " + secretPrefix
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, "what follows " + secretPrefix + " in the secret is not base64"
	}
	if len(key) < shortestBytes || len(key) > longestBytes {
		return nil, fmt.Sprintf("the secret holds %d bytes, not %d to %d", len(key), shortestBytes, longestBytes)
	}
	return key, ""
}

// A signer signs requests. Its keyed hashes are used again, because keying one costs as much as signing.
type signer struct{ hashes sync.Pool }

func newSigner(key []byte) *signer {
	return &signer{hashes: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sign is the value of webhook-signature for what is sent under id at a time in Unix seconds.
func (s *signer) sign(id string, at int64, body []byte) string {
	h, _ := s.hashes.Get().(hash.Hash)
	defer s.hashes.Put(h)
	h.Reset()
	signed := make([]byte, 0, 128)
	signed = append(signed, id...)
	signed = append(signed, '.')
	signed = strconv.AppendInt(signed, at, 10)
	signed = append(signed, '.')
	h.Write(signed)
	h.Write(body)
	sum := h.Sum(signed[:0])
	return string(base64.StdEncoding.AppendEncode([]byte("v1,"), sum))
}
