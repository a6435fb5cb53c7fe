-- Which links a run has, a line each, as it said with its last sign of life; a run without a row has not said.
CREATE TABLE claim (
    run BIGINT PRIMARY KEY NOT NULL,
    links TEXT NOT NULL
);
