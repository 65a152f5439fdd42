-- What an exit of one instant can close depends on the position before it.
ALTER TABLE ledgers ADD COLUMN position_before TEXT NOT NULL DEFAULT '0';

-- The side that an alert states without a size.
ALTER TABLE orders ADD COLUMN stated_side TEXT;

-- Orders of one instant have another sequence now: their ledgers are derived again.
UPDATE ledgers SET is_stale = 1, version = version + 1;
