-- Wishes that a link's operator takes back what he has of a message; due_at is when he is asked next, NULL once his answer is there.
CREATE TABLE recall (
    message BIGINT NOT NULL,
    link TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    due_at BIGINT,
    tries SMALLINT NOT NULL,
    taken SMALLINT NOT NULL,
    parts SMALLINT NOT NULL,
    why SMALLINT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (message, link)
);
CREATE INDEX recall_due_at ON recall (due_at);
