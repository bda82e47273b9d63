package script

import (
	"strings"
	"testing"
)

func TestEveryStatementOfTheContractCanBeRead(t *testing.T) {
	for _, line := range []string{
		`lead +5511911112222 picks "AI"`,
		`lead +5511911112222 picks AI by list`,
		`lead "+55 11 91111-2222" picks "Other queries" by button`,
		`lead +5511911112222 picks "A \"quoted\" one" by poll # a comment`,
		`lead +5511911112222 picks "AI" by number`,
		`lead +5511911112222 picks "AI" by label`,
		`agent maria: /away 2h`,
		`agent "maria" to front-desk: /done +55 11 91111-2222`,
		`phone front-desk labels +5511911112222 "Sale"`,
		`phone front-desk unlabels +5511911112222 Sale`,
		`api GET /leads`,
		`api GET /leads?phone=+5511911112222&limit=1 as read`,
		`api POST /leads key "once" as nobody {"phone": "+5511911112222", "fields": {"a": ["}", "\"{"]}} # a comment`,
		`api POST /leads/{lead +5511911112222}/merge {"into": "{lead +5511911113333}"}`,
		`api POST /leads/{lead "+55 11 91111-2222"}/merge {"into": {lead +5511911113333}}`,
		`api DELETE /leads/{lead +5511911112222}/transitions/{transition +5511911112222 "Lead Entry"}`,
		`api PATCH /opportunities/{opportunity +5511911112222 "AI"} {"status": "won"}`,
		`api POST /x {"a": "{transition +5511911112222 "Lead Entry"}", "b": "{opportunity +5511911112222 \"AI\"}"}`,
		`api POST /chats/{chat +5511911112222}/assign {"agent": "{answer.items.0.name}", "n": {answer.data."Lead Entry"}}`,
		`api POST /reload`,
		`expect answer 201`,
		`expect answer 200 id {lead +5511911112222} items.0.name "Ana" next_cursor null n 150.00 list [1, {"a": {answer.id}}]`,
		`expect opportunity +5511911112222 type "Postgraduate Course" value "AI" stage "Sale" owner maria status won`,
		`expect opportunities +5511911112222 2`,
		`expect waiting +5511911112222`,
		`expect closed +5511911112222`,
		`expect menu-open +5511911112222`,
		`expect label +5511911112222 "Sale"`,
		`expect no label +5511911112222 "Sale"`,
		`expect assigned +5511911112222 agent maria`,
		`expect assigned +5511911112222 agent maria rule "postgraduate" step 1 target "group:ai-counsellors"`,
		`expect assigned +5511911112222 agent maria target group:ai-counsellors`,
		`expect menu first to +5511911112222`,
		`expect menu second to +5511911112222 options "AI", "Data Science", Other`,
		`expect message to +5511911112222 containing "of us"`,
		`expect message to maria containing "Ana"`,
		`expect nothing to +5511911112222`,
		`expect nothing to maria`,
		`expect event chat.assigned +5511911112222 data.agent.name maria data.step 1 data.rule "postgraduate"`,
		`expect event menu.sent data.options.0.label "AI"`,
		`expect event agent.availability_changed data.available false`,
	} {
		if act, err := parseLine(line); err != nil || act == nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestAStatementThatCanNotBeReadSaysWhatIsMissing(t *testing.T) {
	for line, problem := range map[string]string{
		`lead +5511911112222 picks`:                                  `the label of an option is missing`,
		`lead +5511911112222 pick "AI"`:                              `did you mean "picks"?`,
		`lead +5511911112222 picks "AI" by buttons`:                  `unknown way to answer "buttons"; did you mean "button"?`,
		`lead +5511911112222 picks "AI" list`:                        `"list" is too much here`,
		`lead +5511911112222 picks "AI": hi`:                         `takes no text after a colon`,
		`agent: hi`:                                                  `the name of an agent is missing`,
		`agent maria`:                                                `a text is missing`,
		`agent maria to: hi`:                                         `the name of a number is missing`,
		`agent maria front-desk: hi`:                                 `"front-desk" is too much here`,
		`phone front-desk labels "Sale"`:                             `a phone is wanted where "Sale" stands`,
		`phone front-desk labels +5511911112222`:                     `the name of a stage is missing`,
		`api`:                                                        `a method, like POST, is missing`,
		`api post /leads`:                                            `unknown method "post"; did you mean "POST"?`,
		`api POST`:                                                   `a path, like /leads, is missing`,
		`api POST leads`:                                             `"leads" is no path, like /leads`,
		`api GET /api/v1/leads`:                                      `the path is what follows /api/v1: /leads`,
		`api POST /leads as writer`:                                  `unknown caller "writer"`,
		`api POST /leads key`:                                        `an idempotency key is missing`,
		`api POST /leads {"phone": }`:                                `begins no JSON value`,
		`api POST /leads {} {}`:                                      `"{}" can't stand here`,
		`api POST /leads phone`:                                      `"phone" can't stand here`,
		`api GET /leads/{lead Ana}`:                                  `{lead Ana}: a phone is wanted where "Ana" stands`,
		`api GET /leads/{lead +5511911112222 "AI"}`:                  `"AI" is too much here`,
		`api POST /x {"id": "{transition +5511911112222}"}`:          `the name of a stage is missing`,
		`api POST /x {"id": {opportunity +5511911112222}}`:           `the value of an opportunity is missing`,
		`api GET /leads/{answer.}`:                                   `{answer.} names no part of an answer`,
		`expect answer`:                                              `"" is no HTTP status`,
		`expect answer ok`:                                           `"ok" is no HTTP status`,
		`expect answer 200 id`:                                       `a value is missing after "id"`,
		`expect opportunity +5511911112222`:                          `"type" and the type of an opportunity are missing`,
		`expect opportunity +5511911112222 typ "A"`:                  `unknown property "typ"; did you mean "type"?`,
		`expect opportunity +5511911112222 type`:                     `a value for type is missing`,
		`expect opportunities +5511911112222`:                        `"" is no number of opportunities`,
		`expect opportunities +5511911112222 two`:                    `"two" is no number of opportunities`,
		`expect opportunities +5511911112222 -1`:                     `"-1" is no number of opportunities`,
		`expect waiting`:                                             `a phone is missing`,
		`expect closed maria`:                                        `a phone is wanted where "maria" stands`,
		`expect menuopen +5511911112222`:                             `did you mean "menu-open"?`,
		`expect label +5511911112222`:                                `the name of a stage is missing`,
		`expect assigned +5511911112222`:                             `"agent" and a name are missing`,
		`expect assigned +5511911112222 maria`:                       `unknown property "maria"`,
		`expect assigned +5511911112222 agent maria step one`:        `"one" is no step`,
		`expect menu to +5511911112222`:                              `unknown menu "to"; it is one of ["first" "second"]`,
		`expect menu first +5511911112222`:                           `"to" and a phone are missing`,
		`expect menu first to maria`:                                 `a phone is wanted where "maria" stands`,
		`expect menu first to +5511911112222 options`:                `the label of an option is missing`,
		`expect menu first to +5511911112222 options "A",`:           `the label of an option is missing`,
		`expect menu first to +5511911112222 options "A" "B"`:        `"B" is too much here`,
		`expect message +5511911112222 containing "x"`:               `"to" and a phone or the name of an agent are missing`,
		`expect message to maria`:                                    `"containing" and a text are missing after maria`,
		`expect message to maria containing`:                         `a text is missing`,
		`expect nothing to`:                                          `a phone or the name of an agent is missing`,
		`expect event chat.assigned data.options.0`:                  `a value is missing after "data.options.0"`,
		`expect event chat.assigned data.id {transition +551191111}`: `the name of a stage is missing`,
	} {
		if _, err := parseLine(line); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s\n\tsays %v\n\twant %s", line, err, problem)
		}
	}
}
