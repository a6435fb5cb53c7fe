-- Who stores a part of a received message holds the slot of its group until the commit. Many slots, so that nodes seldom wait for each other.
CREATE TABLE inbox_slot (
    slot BIGINT PRIMARY KEY NOT NULL
);
INSERT INTO inbox_slot (slot) SELECT generate_series(0, 4095);
