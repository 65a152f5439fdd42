-- The place of a fill in each file that has it, oldest first: of one instant the file's own
-- sequence holds, whichever file came first. Earlier versions stored fills in that sequence.
ALTER TABLE fill_sources ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE fill_sources SET place = fill_id;
UPDATE ledgers SET is_stale = 1, version = version + 1 WHERE book = 2;
