package autoresponse

// words are what options and lists are called when nobody has configured it.
type words struct{ other, fresh, more, button string }

// wordsOf returns the words of a language, English for an unknown one.
func wordsOf(language string) words {
	if language == "pt" {
		return words{other: "Outros assuntos", fresh: "Algo novo", more: "Mais", button: "Opções"}
	}
	return words{other: "Other queries", fresh: "Something new", more: "More", button: "Options"}
}
