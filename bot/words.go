package bot

// phrases are the daemon's own words in one language. Each %s is filled in by the function that uses the phrase.
type phrases struct {
	// What an agent is told of a chat that they get.
	newChat, wants, source, said, noPhone, unknown string
	// What an agent's commands are answered with.
	help, away, back, noChats, yourChats, done, passed, passedNobody              string
	noSuchCommand, didYouMean, whichPhone, badPhone, badDuration, noOpenChat, not string
	waiting, menu, taken, assignedTo                                              string
}

// words are the phrases of a language; English for any that is not known.
func words(language string) phrases {
	if language == "pt" {
		return portuguese()
	}
	return english()
}

func english() phrases {
	return phrases{
		newChat: "New chat: %s", wants: "Wants: %s", source: "Came from: %s", said: "Wrote: %s",
		noPhone: "WhatsApp hides the phone: answer in the chat on the business's phone.", unknown: "unknown",
		help: "/away 2h – no new chats for two hours; without a time, until the end of your day\n" +
			"/back – new chats again\n" +
			"/mine – your open chats\n" +
			"/done PHONE – close a chat\n" +
			"/pass PHONE – give a chat to the next person\n" +
			"/help – this list",
		away: "You get no new chats until %s. /back ends it sooner.", back: "You get new chats again.",
		noChats: "You have no open chats.", yourChats: "Your open chats:",
		done: "The chat with %s is closed.", passed: "The chat with %s goes to %s.",
		passedNobody:  "Nobody else is available: the chat with %s waits.",
		noSuchCommand: "There is no command %s.", didYouMean: "Did you mean %s?",
		whichPhone: "Which chat? Write for example: %s +5511987650001", badPhone: "%q is no phone. Write for example: %s +5511987650001",
		badDuration: "%q is no time. Write for example: /away 2h, /away 30m, or /away alone for the rest of your day.",
		noOpenChat:  "There is no open chat with %s.", not: "The chat with %s is not yours: %s.",
		waiting: "it waits for an agent", menu: "the lead is being asked what they want", taken: "somebody answers on the business's phone",
		assignedTo: "%s has it",
	}
}

func portuguese() phrases {
	return phrases{
		newChat: "Nova conversa: %s", wants: "Quer: %s", source: "Veio de: %s", said: "Escreveu: %s",
		noPhone: "O WhatsApp oculta o telefone: responda na conversa, no celular da empresa.", unknown: "desconhecido",
		help: "/away 2h – sem conversas novas por duas horas; sem tempo, até o fim do seu dia\n" +
			"/back – receber conversas novas de novo\n" +
			"/mine – suas conversas abertas\n" +
			"/done TELEFONE – encerrar uma conversa\n" +
			"/pass TELEFONE – passar uma conversa adiante\n" +
			"/help – esta lista",
		away: "Você não recebe conversas novas até %s. /back termina antes.", back: "Você voltou a receber conversas novas.",
		noChats: "Você não tem conversas abertas.", yourChats: "Suas conversas abertas:",
		done: "A conversa com %s foi encerrada.", passed: "A conversa com %s vai para %s.",
		passedNobody:  "Não há mais ninguém disponível: a conversa com %s espera.",
		noSuchCommand: "Não existe o comando %s.", didYouMean: "Você quis dizer %s?",
		whichPhone: "Qual conversa? Escreva, por exemplo: %s +5511987650001", badPhone: "%q não é um telefone. Escreva, por exemplo: %s +5511987650001",
		badDuration: "%q não é um tempo. Escreva, por exemplo: /away 2h, /away 30m, ou só /away para o resto do seu dia.",
		noOpenChat:  "Não há conversa aberta com %s.", not: "A conversa com %s não é sua: %s.",
		waiting: "ela espera por um atendente", menu: "o contato está escolhendo o que quer", taken: "alguém responde no celular da empresa",
		assignedTo: "está com %s",
	}
}
