DROP TABLE inbox_slot;
