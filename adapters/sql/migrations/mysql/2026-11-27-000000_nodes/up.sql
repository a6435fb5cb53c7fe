-- Numbers of nodes: they stand in every id a node makes, and are given out once.
CREATE TABLE IF NOT EXISTS node (
    number SMALLINT PRIMARY KEY NOT NULL,
    name VARCHAR(64) NOT NULL UNIQUE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB;
