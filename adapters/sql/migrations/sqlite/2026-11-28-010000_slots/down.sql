-- The servers' received texts have slots that nodes take turns at; a file has one writer, which never waits for another.
SELECT 1;
