-- Which links a run has, a line each, as it said with its last sign of life; a run without a row has not said.
CREATE TABLE IF NOT EXISTS claim (
    run BIGINT PRIMARY KEY NOT NULL,
    links MEDIUMTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
