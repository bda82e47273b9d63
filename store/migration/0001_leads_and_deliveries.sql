-- Written in the words of SQLite; schema.go says how PostgreSQL reads them.
-- Times are microseconds since 1970 in UTC, so that both databases compare them alike. Zero: not known.

CREATE TABLE lead (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of recording
	id          TEXT    NOT NULL UNIQUE,
	name        TEXT    NOT NULL,
	name_set    INTEGER NOT NULL CHECK (name_set IN (0, 1)),
	phone       TEXT    UNIQUE,                    -- NULL: not known
	lid         TEXT    UNIQUE,                    -- NULL: not known
	source      TEXT    NOT NULL,
	last_source TEXT    NOT NULL,
	touched_at  INTEGER NOT NULL,
	first_ad    TEXT,                              -- JSON
	ad          TEXT,                              -- JSON
	fields      TEXT    NOT NULL,                  -- JSON object
	numbers     TEXT    NOT NULL,                  -- JSON array
	created_at  INTEGER NOT NULL,
	erased_at   INTEGER NOT NULL
) STRICT;

-- What a lead was once known by: ids of leads that became part of it, and phones and LIDs that these had.
CREATE TABLE alias (
	name TEXT NOT NULL PRIMARY KEY,
	lead TEXT NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX alias_lead ON alias (lead);

-- Every input that was decided. Its key is there once: a second time there is nothing to do.
CREATE TABLE input (
	key     TEXT    NOT NULL PRIMARY KEY,
	at      INTEGER NOT NULL,
	lead    TEXT    REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	number  TEXT,
	edits   TEXT,          -- of an edit: the id of the message that was edited
	text    TEXT,          -- NULL: not kept
	matched TEXT NOT NULL  -- JSON array: the triggers that this text matched
) STRICT, WITHOUT ROWID;
CREATE INDEX input_edits ON input (number, edits) WHERE edits IS NOT NULL;
CREATE INDEX input_lead ON input (lead) WHERE lead IS NOT NULL;

-- Follow-ups to people who were no leads when they were handled, for the case that an earlier message of theirs comes later.
CREATE TABLE unclaimed (
	key     TEXT    NOT NULL PRIMARY KEY, -- the input's
	phone   TEXT,
	lid     TEXT,
	sent_at INTEGER NOT NULL,
	message TEXT    NOT NULL              -- JSON; of its text the phrases alone
) STRICT, WITHOUT ROWID;
CREATE INDEX unclaimed_phone ON unclaimed (phone) WHERE phone IS NOT NULL;
CREATE INDEX unclaimed_lid ON unclaimed (lid) WHERE lid IS NOT NULL;
CREATE INDEX unclaimed_sent_at ON unclaimed (sent_at);

CREATE TABLE transition (
	seq             INTEGER PRIMARY KEY AUTOINCREMENT,
	id              TEXT    NOT NULL UNIQUE,
	lead            TEXT    NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	funnel          TEXT    NOT NULL,
	from_stage      TEXT,   -- NULL: the lead entered the funnel
	to_stage        TEXT    NOT NULL,
	cause_kind      TEXT    NOT NULL,
	cause_by        TEXT    NOT NULL,
	phrase          TEXT,
	message_id      TEXT,
	number          TEXT,
	at              INTEGER NOT NULL,
	deleted_at      INTEGER, -- NULL: it counts
	deleted_by_kind TEXT,
	deleted_by      TEXT,
	CHECK ((deleted_at IS NULL) = (deleted_by_kind IS NULL) AND (deleted_at IS NULL) = (deleted_by IS NULL))
) STRICT;
CREATE INDEX transition_lead ON transition (lead, at);
CREATE INDEX transition_stage ON transition (funnel, to_stage, lead) WHERE deleted_at IS NULL;

CREATE TABLE event (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of commit
	id     TEXT    NOT NULL UNIQUE,
	type   TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	lead   TEXT    REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	number TEXT,
	body   BLOB    NOT NULL                   -- the document that every destination gets
) STRICT;
CREATE INDEX event_type ON event (type, seq);
CREATE INDEX event_lead ON event (lead, seq) WHERE lead IS NOT NULL;

-- How destinations do. A destination without a row is active and has had no trouble.
CREATE TABLE destination (
	name        TEXT    NOT NULL PRIMARY KEY,
	state       TEXT    NOT NULL,
	failures    INTEGER NOT NULL,
	pauses      INTEGER NOT NULL,
	resume_at   INTEGER NOT NULL,
	reason      TEXT    NOT NULL,
	probe       INTEGER, -- the delivery that finds out whether a pause is over
	probe_until INTEGER, -- until when it is waited for
	CHECK (state IN ('active', 'paused', 'disabled')),
	CHECK ((state = 'paused') = (resume_at > 0)),
	CHECK ((probe IS NULL) = (probe_until IS NULL)),
	CHECK (probe IS NULL OR state = 'paused')
) STRICT;

-- The deliveries to one destination that leave one at a time. Polling looks here and never at what is blocked.
CREATE TABLE lane (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	destination TEXT    NOT NULL,
	key         TEXT    NOT NULL,
	next_at     INTEGER, -- when its head may be claimed; NULL: nothing is pending
	lease_until INTEGER, -- NULL: nobody is at it
	UNIQUE (destination, key),
	CHECK (lease_until IS NULL OR next_at = lease_until)
) STRICT;
CREATE INDEX lane_due ON lane (destination, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE delivery (
	id          INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of commit
	destination TEXT    NOT NULL,
	lane        INTEGER NOT NULL REFERENCES lane (id),
	key         TEXT    NOT NULL,
	event       INTEGER REFERENCES event (seq),    -- whose body is sent
	body        BLOB,                              -- what is sent when it is no event; nothing once that is sent
	about       TEXT    REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED, -- whom the body tells of; NULL: nobody, or an event
	state       TEXT    NOT NULL,
	attempt     INTEGER NOT NULL CHECK (attempt >= 0),
	rejected    INTEGER NOT NULL CHECK (rejected >= 0),
	status      INTEGER NOT NULL,                  -- of the last attempt
	detail      TEXT    NOT NULL,                  -- of the last attempt
	created_at  INTEGER NOT NULL,
	not_before  INTEGER NOT NULL,
	settled_at  INTEGER,
	UNIQUE (destination, key),
	CHECK (state IN ('pending', 'delivered', 'dead', 'withdrawn')),
	CHECK ((state = 'pending') = (settled_at IS NULL)),
	CHECK ((event IS NULL) <> (body IS NULL)),
	CHECK (about IS NULL OR event IS NULL),
	CHECK (state IN ('pending', 'dead') OR body IS NULL OR length(body) = 0) -- nobody's words stay in the queue
) STRICT;
CREATE INDEX delivery_queue ON delivery (destination, lane, id, not_before) WHERE state = 'pending';
CREATE INDEX delivery_dead ON delivery (destination, id) WHERE state = 'dead';
CREATE INDEX delivery_event ON delivery (event) WHERE event IS NOT NULL;
CREATE INDEX delivery_about ON delivery (about) WHERE about IS NOT NULL;

-- Messages that could not be handled, however often they were tried.
CREATE TABLE set_aside (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	number     TEXT    NOT NULL,
	message_id TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	at         INTEGER NOT NULL,
	payload    BLOB    NOT NULL,
	UNIQUE (number, message_id)
) STRICT;

-- Written to find out whether the disk takes anything.
CREATE TABLE probe (
	id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	at      INTEGER NOT NULL,
	padding BLOB    NOT NULL
) STRICT;
