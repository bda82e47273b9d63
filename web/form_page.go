package web

import (
	"html/template"
	"mime"
	"net/http"
	"strings"
)

// wantsPage reports whether a browser shows the answer to a person: it asks for HTML by name, which programs do not.
func wantsPage(r *http.Request) bool {
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if kind, _, err := mime.ParseMediaType(accepted); err == nil && kind == "text/html" {
			return true
		}
	}
	return false
}

// answerPage is what a person sees who has sent a form without a program of the page's.
type answerPage struct {
	Language string
	Title    string
	Text     string
}

// writePage answers a person: thanks, or what to do about the problem.
func (s *site) writePage(w http.ResponseWriter, status int, p problem) {
	page := answerPage{Language: "en"}
	portuguese := s.Bot.Policy().Language == "pt"
	if portuguese {
		page.Language = "pt"
	}
	say := func(en, enText, pt, ptText string) {
		page.Title, page.Text = en, enText
		if portuguese {
			page.Title, page.Text = pt, ptText
		}
	}
	switch {
	case status < http.StatusBadRequest:
		say("Thank you!", "We have received your message and will get in touch with you.",
			"Obrigado!", "Recebemos sua mensagem e entraremos em contato com você.")
	case status == http.StatusTooManyRequests:
		say("Please wait a moment", "Too many messages came from your connection. Try again in a minute.",
			"Aguarde um pouco", "Muitas mensagens vieram da sua conexão. Tente de novo em um minuto.")
	case p.Field != "":
		say("Please check the form", "Something is wrong with “"+p.Field+"”. Go back, correct it and send the form again.",
			"Confira o formulário", "Há algo errado em “"+p.Field+"”. Volte, corrija e envie o formulário de novo.")
	default:
		say("The form was not taken", "Please get in touch with us another way.",
			"O formulário não foi recebido", "Entre em contato conosco de outra forma.")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = answerTemplate().Execute(w, page) // as in writeJSON
}

func answerTemplate() *template.Template {
	return template.Must(template.New("answer").Parse(`<!doctype html>
<html lang="{{.Language}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
</html>
`))
}
