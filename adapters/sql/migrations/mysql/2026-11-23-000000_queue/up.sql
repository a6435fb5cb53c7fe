-- Times are milliseconds since 1970 UTC, codes are those of the domain. No index on what is inserted at random places, but for what is short-lived.
-- Statements commit one by one here, so each can be run again when a migration was cut off. There are no partial indexes.
CREATE TABLE IF NOT EXISTS message (
    id BIGINT PRIMARY KEY NOT NULL,
    submission BIGINT NOT NULL,
    owner VARCHAR(64) NOT NULL,
    asked_by VARCHAR(320),
    door SMALLINT NOT NULL,
    recipient VARCHAR(32) NOT NULL,
    originator VARCHAR(64),
    alphabet SMALLINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    octets MEDIUMBLOB,
    flash SMALLINT NOT NULL,
    segments SMALLINT NOT NULL,
    priority SMALLINT NOT NULL,
    accepted_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reference VARCHAR(255),
    callback TEXT,
    dimensions TEXT,
    link VARCHAR(64) NOT NULL,
    state SMALLINT NOT NULL,
    queue_at BIGINT NOT NULL,
    lease BIGINT,
    parts TEXT NOT NULL,
    tries_total INTEGER NOT NULL,
    tries_on_link INTEGER NOT NULL,
    possible_duplicate SMALLINT NOT NULL,
    sent_at BIGINT,
    final_at BIGINT,
    error TEXT,
    INDEX message_queue (state, link, priority, queue_at),
    INDEX message_expiry (state, expires_at),
    INDEX message_held (state, lease),
    INDEX message_reference (reference)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS awaiting (
    link VARCHAR(64) NOT NULL,
    op_key VARCHAR(190) NOT NULL,
    message BIGINT NOT NULL,
    seq SMALLINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (link, op_key, message, seq),
    INDEX awaiting_until (until)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS early_receipt (
    link VARCHAR(64) NOT NULL,
    op_key VARCHAR(190) NOT NULL,
    operator_id VARCHAR(190) NOT NULL,
    verdict SMALLINT NOT NULL,
    recipient VARCHAR(32) NOT NULL,
    error TEXT NOT NULL,
    done_at BIGINT,
    parked_at BIGINT NOT NULL,
    PRIMARY KEY (link, op_key, operator_id, verdict, recipient),
    INDEX early_receipt_parked_at (parked_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS once (
    owner VARCHAR(64) NOT NULL,
    once_key VARBINARY(1020) NOT NULL,
    digest VARBINARY(32) NOT NULL,
    submission BIGINT NOT NULL,
    answer MEDIUMTEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (owner, once_key),
    INDEX once_used_at (used_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS handoff (
    subject BIGINT NOT NULL,
    event SMALLINT NOT NULL,
    target VARCHAR(255) NOT NULL,
    destination TEXT,
    due_at BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    lease BIGINT,
    tries INTEGER NOT NULL,
    error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (subject, event),
    INDEX handoff_due (state, due_at),
    INDEX handoff_held (state, lease),
    INDEX handoff_dead (state, created_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mo (
    id BIGINT PRIMARY KEY NOT NULL,
    link VARCHAR(64) NOT NULL,
    source VARCHAR(100) NOT NULL,
    destination VARCHAR(100) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    octets MEDIUMBLOB NOT NULL,
    segments SMALLINT NOT NULL,
    complete SMALLINT NOT NULL,
    received_at BIGINT NOT NULL,
    owner VARCHAR(64),
    acknowledged_at BIGINT,
    INDEX mo_acknowledged (acknowledged_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mo_part (
    mo BIGINT NOT NULL,
    seq SMALLINT NOT NULL,
    link VARCHAR(64) NOT NULL,
    source VARCHAR(100) NOT NULL,
    destination VARCHAR(100) NOT NULL,
    reference INTEGER NOT NULL,
    total SMALLINT NOT NULL,
    form SMALLINT NOT NULL,
    octets MEDIUMBLOB NOT NULL,
    received_at BIGINT NOT NULL,
    owner VARCHAR(64),
    handed_to TEXT,
    PRIMARY KEY (mo, seq),
    INDEX mo_part_group (link, source, destination, reference, total)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mo_seen (
    fingerprint VARBINARY(16) PRIMARY KEY NOT NULL,
    seen_at BIGINT NOT NULL,
    INDEX mo_seen_at (seen_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS incarnation (
    id BIGINT PRIMARY KEY NOT NULL,
    node VARCHAR(100) NOT NULL,
    beat_at BIGINT NOT NULL,
    dead SMALLINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS account (
    name VARCHAR(100) PRIMARY KEY NOT NULL,
    profile MEDIUMTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS meta (
    name VARCHAR(100) PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
INSERT IGNORE INTO meta (name, value) VALUES ('directory', 1), ('inbox', 0), ('ping', 0);

CREATE TABLE IF NOT EXISTS counter (
    name VARCHAR(100) NOT NULL,
    node VARCHAR(100) NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name, node)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
