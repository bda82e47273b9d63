package bot

import "testing"

func TestACommandIsReadAsPeopleTypeIt(t *testing.T) {
	for text, want := range map[string]command{
		"/mine":                    {name: "/mine"},
		" /Mine \n":                {name: "/mine"},
		"mine":                     {name: "/mine"},
		"/away 2h":                 {name: "/away", argument: "2h"},
		"Away  2 h":                {name: "/away", argument: "2 h"},
		"/done\n+55 11 98765-0001": {name: "/done", argument: "+55 11 98765-0001"},
		"/done\u00a011987650001":   {name: "/done", argument: "11987650001"},
		"DONE 11987650001":         {name: "/done", argument: "11987650001"},
		"/back in a minute":        {name: "/back", argument: "in a minute"},
		"/whatever":                {name: "/whatever"},
		"/":                        {name: "/"},
	} {
		if got, ok := parseCommand(text); !ok || got != want {
			t.Errorf("%q is read as %+v, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", " ", "back in a minute", "help me", "mine is the red one", "done!", "I am back", "whatever", "on/away"} {
		if got, ok := parseCommand(text); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}
