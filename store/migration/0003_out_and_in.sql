-- By what leads are found besides phone and LID; several may share it. NULL: not known.
ALTER TABLE lead ADD COLUMN email TEXT;
CREATE INDEX lead_email ON lead (email) WHERE email IS NOT NULL;

-- What payment systems tell. The same payment is there once, as it stood last.
CREATE TABLE payment (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of recording
	id          TEXT    NOT NULL UNIQUE,
	external_id TEXT    NOT NULL UNIQUE,           -- the payment system's own
	lead        TEXT    NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	opportunity TEXT    REFERENCES opportunity (id) DEFERRABLE INITIALLY DEFERRED, -- NULL: it is for none
	status      TEXT    NOT NULL,
	amount      INTEGER NOT NULL,                  -- in minor units of the currency
	currency    TEXT    NOT NULL,
	at          INTEGER NOT NULL,                  -- of the status, by the payment system
	type        TEXT    NOT NULL,                  -- of the opportunity, as it was named
	source      TEXT    NOT NULL,                  -- as it was named
	cause_kind  TEXT    NOT NULL,
	cause_by    TEXT    NOT NULL,
	recorded_at INTEGER NOT NULL,                  -- when it was heard of last
	CHECK (status IN ('new', 'succeeded', 'failed'))
) STRICT;
CREATE INDEX payment_lead ON payment (lead, seq);

-- What the business's systems report of the outcome.
CREATE TABLE feedback (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of recording
	id          TEXT    NOT NULL UNIQUE,
	external_id TEXT    NOT NULL UNIQUE,
	lead        TEXT    NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	kind        TEXT    NOT NULL,
	reason      TEXT    NOT NULL,
	amount      INTEGER NOT NULL,                  -- in minor units of the currency
	currency    TEXT    NOT NULL,                  -- '': without a value
	at          INTEGER NOT NULL,
	cause_kind  TEXT    NOT NULL,
	cause_by    TEXT    NOT NULL,
	CHECK (kind IN ('conversion', 'return'))
) STRICT;
CREATE INDEX feedback_lead ON feedback (lead, seq);

-- What destinations answered about leads, for what is sent to them later: a deal's id.
CREATE TABLE capture (
	lead        TEXT NOT NULL REFERENCES lead (id) DEFERRABLE INITIALLY DEFERRED,
	destination TEXT NOT NULL,
	name        TEXT NOT NULL,
	value       TEXT NOT NULL,
	PRIMARY KEY (lead, destination, name)
) STRICT, WITHOUT ROWID;

-- What the API answered under idempotency keys.
CREATE TABLE answer (
	key          TEXT    NOT NULL PRIMARY KEY,
	request_hash TEXT    NOT NULL,
	status       INTEGER NOT NULL,
	content_type TEXT    NOT NULL,
	body         BLOB    NOT NULL, -- nothing when it told of somebody who was erased
	at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_at ON answer (at);

-- What reports count, kept so that they don't have to. A row is how many there were in one quarter of an hour, one day
-- or 32 days, counted from 1970 in UTC; each is in all three. tally.go says what the kinds are.
CREATE TABLE tally (
	kind   TEXT    NOT NULL,
	funnel TEXT    NOT NULL,
	grain  INTEGER NOT NULL, -- seconds of a slot: 900, 86400 or 2764800
	slot   INTEGER NOT NULL,
	name   TEXT    NOT NULL, -- of a stage, agent, currency, destination, …
	source TEXT    NOT NULL,
	number TEXT    NOT NULL,
	n      INTEGER NOT NULL,
	amount INTEGER NOT NULL,
	PRIMARY KEY (kind, funnel, grain, slot, name, source, number)
) STRICT, WITHOUT ROWID;
DROP INDEX transition_stage; -- the counts were its only use

ALTER TABLE opportunity ADD COLUMN won_at INTEGER;     -- NULL: it is not won
ALTER TABLE assignment ADD COLUMN answered_at INTEGER; -- when the business first wrote after it; NULL: it has not

-- By which purge.go finds what is old.
CREATE INDEX event_at ON event (at);
CREATE INDEX input_at ON input (at);
CREATE INDEX chat_closed ON chat (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX delivery_loose ON delivery (settled_at) WHERE event IS NULL AND settled_at IS NOT NULL;
CREATE INDEX delivery_lane ON delivery (lane);
