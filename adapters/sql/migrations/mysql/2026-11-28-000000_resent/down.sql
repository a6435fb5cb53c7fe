ALTER TABLE handoff DROP COLUMN resent_at;
