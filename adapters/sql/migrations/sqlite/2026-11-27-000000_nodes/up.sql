-- Numbers of nodes: they stand in every id a node makes, and are given out once.
CREATE TABLE node (
    number SMALLINT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE
);
