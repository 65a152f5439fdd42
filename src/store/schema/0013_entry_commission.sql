-- The entry's part of a trade's commission: returns divide by the entry's value and what
-- entering cost. Trades of before get theirs when their ledgers are derived again, at the
-- next start.
ALTER TABLE trades ADD COLUMN entry_commission TEXT;
UPDATE ledgers SET is_stale = 1, version = version + 1;
