-- Received messages that were handed over are kept as long as those that somebody acknowledged.
ALTER TABLE mo ADD COLUMN IF NOT EXISTS handed_at BIGINT;
CREATE INDEX IF NOT EXISTS mo_handed ON mo (handed_at);
-- One target that does not answer must not be walked through to find what is due for others.
CREATE INDEX IF NOT EXISTS handoff_target ON handoff (state, target, due_at);
