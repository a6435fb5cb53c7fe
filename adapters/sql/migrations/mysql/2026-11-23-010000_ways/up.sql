-- Times by which something must have happened to a message; a row goes when its time is over.
CREATE TABLE IF NOT EXISTS deadline (
    message BIGINT NOT NULL,
    awaits SMALLINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (message, awaits),
    INDEX deadline_due_at (due_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;

-- What people ordered links to do; a link without a row is open.
CREATE TABLE IF NOT EXISTS link_order (
    link VARCHAR(64) PRIMARY KEY NOT NULL,
    mode SMALLINT NOT NULL,
    since BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
