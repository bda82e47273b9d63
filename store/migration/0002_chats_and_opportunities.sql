-- What leads want.
CREATE TABLE opportunity (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of recording
	id         TEXT    NOT NULL UNIQUE,
	lead       TEXT    NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	type       TEXT    NOT NULL,
	field      TEXT    NOT NULL,
	value      TEXT    NOT NULL,
	title      TEXT    NOT NULL,
	stage      TEXT    NOT NULL,
	owner      TEXT    NOT NULL, -- name of the agent; '': nobody
	status     TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	active_at  INTEGER NOT NULL, -- but for the messages of its chats, which chat.active_at tells
	CHECK (status IN ('open', 'won', 'lost'))
) STRICT;
CREATE INDEX opportunity_lead ON opportunity (lead, created_at, seq);

-- Conversations, the open ones and the closed ones.
CREATE TABLE chat (
	seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of recording
	id            TEXT    NOT NULL UNIQUE,
	number        TEXT    NOT NULL,
	lead          TEXT    NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	status        TEXT    NOT NULL,
	opened_at     INTEGER NOT NULL,
	active_at     INTEGER NOT NULL,
	closed_at     INTEGER,          -- NULL: it is open
	opportunity   TEXT    REFERENCES opportunity (id) DEFERRABLE INITIALLY DEFERRED, -- NULL: it is about none
	agent         TEXT,             -- name of the agent who has it, or had it when it was closed; NULL: nobody
	said          TEXT    NOT NULL,
	said_at       INTEGER NOT NULL,
	wrote_at      INTEGER NOT NULL,
	told          TEXT    NOT NULL, -- JSON array
	dialogue      TEXT    NOT NULL, -- JSON object
	place         TEXT    NOT NULL, -- JSON object
	line          TEXT,             -- in which it waits for an agent; NULL: it does not wait
	waiting_since INTEGER,          -- NULL: it does not wait
	CHECK (status IN ('menu', 'waiting', 'assigned', 'taken', 'closed')),
	CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
	CHECK (status = 'closed' OR (status = 'assigned') = (agent IS NOT NULL)),
	CHECK ((status = 'waiting') = (line IS NOT NULL)),
	CHECK ((status = 'waiting') = (waiting_since IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX chat_open ON chat (lead, number) WHERE closed_at IS NULL;
CREATE INDEX chat_lead ON chat (lead, closed_at);
CREATE INDEX chat_opportunity ON chat (opportunity) WHERE opportunity IS NOT NULL;
CREATE INDEX chat_agent ON chat (agent) WHERE status = 'assigned';
CREATE INDEX chat_line ON chat (line, waiting_since, seq) WHERE status = 'waiting';
CREATE INDEX chat_status ON chat (status, waiting_since) WHERE status <> 'closed';

-- Chats that were given to agents, with the reasons.
CREATE TABLE assignment (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT    NOT NULL UNIQUE,
	chat       TEXT    NOT NULL REFERENCES chat (id) DEFERRABLE INITIALLY DEFERRED,
	at         INTEGER NOT NULL,
	agent      TEXT    NOT NULL,
	place      TEXT    NOT NULL, -- JSON object
	cause_kind TEXT    NOT NULL,
	cause_by   TEXT    NOT NULL
) STRICT;
CREATE INDEX assignment_chat ON assignment (chat, seq);

-- Whose turn it is: the agent with the lowest position of a line goes next.
CREATE TABLE turn (
	line     TEXT    NOT NULL,
	agent    TEXT    NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (line, agent),
	UNIQUE (line, position)
) STRICT, WITHOUT ROWID;

-- What agents have done. One without a row has done nothing.
CREATE TABLE agent (
	name       TEXT    NOT NULL PRIMARY KEY,
	away_until INTEGER NOT NULL,
	back_at    INTEGER NOT NULL,
	numbers    TEXT    NOT NULL -- JSON array
) STRICT, WITHOUT ROWID;

-- When the business last wrote to a lead on a number.
CREATE TABLE contact (
	lead     TEXT    NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	number   TEXT    NOT NULL,
	wrote_at INTEGER NOT NULL,
	PRIMARY KEY (lead, number)
) STRICT, WITHOUT ROWID;

-- What WhatsApp has refused to a number, and until when that is respected.
CREATE TABLE limits (
	number        TEXT    NOT NULL PRIMARY KEY,
	text_until    INTEGER NOT NULL,
	replies_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The labels of a number's WhatsApp Business app, and the chats that carry them.
CREATE TABLE label (
	number  TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	colour  INTEGER NOT NULL,
	deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
	PRIMARY KEY (number, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE labelled (
	number TEXT NOT NULL,
	jid    TEXT NOT NULL, -- WhatsApp's address of the chat
	label  TEXT NOT NULL, -- its id
	PRIMARY KEY (number, jid, label)
) STRICT, WITHOUT ROWID;
