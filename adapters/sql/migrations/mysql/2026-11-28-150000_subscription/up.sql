-- What programs asked to be told of: received messages to a number, by their first word ('' = whatever else comes).
CREATE TABLE IF NOT EXISTS subscription (
    owner VARCHAR(64) NOT NULL,
    correlator VARCHAR(255) NOT NULL,
    number VARCHAR(32) NOT NULL,
    word VARCHAR(100) NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (owner, correlator),
    UNIQUE INDEX subscription_words (number, word)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
