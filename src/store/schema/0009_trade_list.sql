-- The place of a trade's exit among the orders of its second.
ALTER TABLE trades ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE ledgers SET is_stale = 1, version = version + 1;

-- Trades are listed by the time of their exit, newest first. An exit order tells
-- its time, so that this finds one trade, too.
DROP INDEX trades_by_orders;
CREATE UNIQUE INDEX trades_by_exit ON trades (exit_time, exit_order, entry_order);
