CREATE INDEX message_queue ON message (link, priority, queue_at) WHERE state < 2;
DROP INDEX message_in_order;
DROP INDEX handoff_target;
DROP INDEX mo_handed;
ALTER TABLE mo DROP COLUMN handed_at;
