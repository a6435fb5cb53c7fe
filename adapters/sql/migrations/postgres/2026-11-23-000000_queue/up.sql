-- Times are milliseconds since 1970 UTC, codes are those of the domain. No index on what is inserted at random places, but for what is short-lived.
CREATE TABLE message (
    id BIGINT PRIMARY KEY NOT NULL,
    submission BIGINT NOT NULL,
    owner TEXT NOT NULL,
    asked_by TEXT,
    door SMALLINT NOT NULL,
    recipient TEXT NOT NULL,
    originator TEXT,
    alphabet SMALLINT NOT NULL,
    body TEXT NOT NULL,
    octets BYTEA,
    flash SMALLINT NOT NULL,
    segments SMALLINT NOT NULL,
    priority SMALLINT NOT NULL,
    accepted_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reference TEXT,
    callback TEXT,
    dimensions TEXT,
    link TEXT NOT NULL,
    state SMALLINT NOT NULL,
    queue_at BIGINT NOT NULL,
    lease BIGINT,
    parts TEXT NOT NULL,
    tries_total INTEGER NOT NULL,
    tries_on_link INTEGER NOT NULL,
    possible_duplicate SMALLINT NOT NULL,
    sent_at BIGINT,
    final_at BIGINT,
    error TEXT
);
-- Rows change twice or thrice in their life: dead versions are cleared away before they are many.
ALTER TABLE message SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.2);
-- Only what waits: finished messages cost these nothing.
CREATE INDEX message_queue ON message (link, priority, queue_at) WHERE state < 2;
CREATE INDEX message_expiry ON message (expires_at) WHERE state < 2;
CREATE INDEX message_held ON message (lease, id) WHERE state = 2;
CREATE INDEX message_reference ON message (reference) WHERE reference IS NOT NULL;

CREATE TABLE awaiting (
    link TEXT NOT NULL,
    op_key TEXT NOT NULL,
    message BIGINT NOT NULL,
    seq SMALLINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (link, op_key, message, seq)
);
CREATE INDEX awaiting_until ON awaiting (until);

CREATE TABLE early_receipt (
    link TEXT NOT NULL,
    op_key TEXT NOT NULL,
    operator_id TEXT NOT NULL,
    verdict SMALLINT NOT NULL,
    recipient TEXT NOT NULL,
    error TEXT NOT NULL,
    done_at BIGINT,
    parked_at BIGINT NOT NULL,
    PRIMARY KEY (link, op_key, operator_id, verdict, recipient)
);
CREATE INDEX early_receipt_parked_at ON early_receipt (parked_at);

CREATE TABLE once (
    owner TEXT NOT NULL,
    once_key TEXT NOT NULL,
    digest BYTEA NOT NULL,
    submission BIGINT NOT NULL,
    answer TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (owner, once_key)
);
CREATE INDEX once_used_at ON once (used_at);

CREATE TABLE handoff (
    subject BIGINT NOT NULL,
    event SMALLINT NOT NULL,
    target TEXT NOT NULL,
    destination TEXT,
    due_at BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    lease BIGINT,
    tries INTEGER NOT NULL,
    error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (subject, event)
);
CREATE INDEX handoff_due ON handoff (due_at) WHERE state = 0;
CREATE INDEX handoff_held ON handoff (lease) WHERE state = 1;
CREATE INDEX handoff_dead ON handoff (created_at) WHERE state = 2;

CREATE TABLE mo (
    id BIGINT PRIMARY KEY NOT NULL,
    link TEXT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    body TEXT NOT NULL,
    octets BYTEA NOT NULL,
    segments SMALLINT NOT NULL,
    complete SMALLINT NOT NULL,
    received_at BIGINT NOT NULL,
    owner TEXT,
    acknowledged_at BIGINT
);
CREATE INDEX mo_waiting ON mo (id) WHERE acknowledged_at IS NULL;
CREATE INDEX mo_acknowledged ON mo (acknowledged_at) WHERE acknowledged_at IS NOT NULL;

CREATE TABLE mo_part (
    mo BIGINT NOT NULL,
    seq SMALLINT NOT NULL,
    link TEXT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    reference INTEGER NOT NULL,
    total SMALLINT NOT NULL,
    form SMALLINT NOT NULL,
    octets BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    owner TEXT,
    handed_to TEXT,
    PRIMARY KEY (mo, seq)
);
CREATE INDEX mo_part_group ON mo_part (link, source, destination, reference, total);

CREATE TABLE mo_seen (
    fingerprint BYTEA PRIMARY KEY NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX mo_seen_at ON mo_seen (seen_at);

CREATE TABLE incarnation (
    id BIGINT PRIMARY KEY NOT NULL,
    node TEXT NOT NULL,
    beat_at BIGINT NOT NULL,
    dead SMALLINT NOT NULL
);

CREATE TABLE account (
    name TEXT PRIMARY KEY NOT NULL,
    profile TEXT NOT NULL
);

CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('directory', 1), ('inbox', 0), ('ping', 0);

CREATE TABLE counter (
    name TEXT NOT NULL,
    node TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name, node)
);
