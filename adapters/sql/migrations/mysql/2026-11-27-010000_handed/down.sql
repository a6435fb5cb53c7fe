DROP INDEX handoff_target ON handoff;
DROP INDEX mo_handed ON mo;
ALTER TABLE mo DROP COLUMN handed_at;
