DROP TABLE recall;
