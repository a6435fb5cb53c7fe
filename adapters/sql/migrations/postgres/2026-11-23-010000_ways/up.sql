-- Times by which something must have happened to a message; a row goes when its time is over.
CREATE TABLE deadline (
    message BIGINT NOT NULL,
    awaits SMALLINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (message, awaits)
);
CREATE INDEX deadline_due_at ON deadline (due_at);

-- What people ordered links to do; a link without a row is open.
CREATE TABLE link_order (
    link TEXT PRIMARY KEY NOT NULL,
    mode SMALLINT NOT NULL,
    since BIGINT NOT NULL
);
