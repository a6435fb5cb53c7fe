-- Wishes that a link's operator takes back what he has of a message; due_at is when he is asked next, NULL once his answer is there.
CREATE TABLE IF NOT EXISTS recall (
    message BIGINT NOT NULL,
    link VARCHAR(64) NOT NULL,
    asked_at BIGINT NOT NULL,
    due_at BIGINT,
    tries SMALLINT NOT NULL,
    taken SMALLINT NOT NULL,
    parts SMALLINT NOT NULL,
    why SMALLINT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (message, link),
    INDEX recall_due_at (due_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
