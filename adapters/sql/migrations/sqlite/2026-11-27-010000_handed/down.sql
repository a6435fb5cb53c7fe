DROP INDEX handoff_target;
DROP INDEX mo_handed;
ALTER TABLE mo DROP COLUMN handed_at;
