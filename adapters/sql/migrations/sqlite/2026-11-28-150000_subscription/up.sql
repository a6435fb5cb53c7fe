-- What programs asked to be told of: received messages to a number, by their first word ('' = whatever else comes).
CREATE TABLE subscription (
    owner TEXT NOT NULL,
    correlator TEXT NOT NULL,
    number TEXT NOT NULL,
    word TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (owner, correlator),
    UNIQUE (number, word)
);
