-- Received messages that were handed over are kept as long as those that somebody acknowledged.
ALTER TABLE mo ADD COLUMN handed_at BIGINT;
CREATE INDEX mo_handed ON mo (handed_at) WHERE handed_at IS NOT NULL;
-- One target that does not answer must not be walked through to find what is due for others.
CREATE INDEX handoff_target ON handoff (target, due_at) WHERE state = 0;
-- Many messages are due in the same moment when they are scheduled: without the id all of them would be sorted for each piece.
CREATE INDEX message_in_order ON message (link, priority, queue_at, id) WHERE state < 2;
DROP INDEX message_queue;
