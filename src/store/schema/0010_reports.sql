-- How many trades are open at the end of a backtest's list. Of earlier lists it is only
-- known that there were some: where they made something.
ALTER TABLE backtests ADD COLUMN open_trades INTEGER NOT NULL DEFAULT 0;
UPDATE backtests SET open_trades = (open_long <> '0') + (open_short <> '0');

-- Microseconds from an order's signal to its arrival; NULL where the signal has no time or
-- the alert did not come by itself. It is in the index that reports find orders by, so that
-- they need not read the orders and their events for it.
ALTER TABLE orders ADD COLUMN signal_delay INTEGER;
UPDATE orders SET signal_delay = received_at - signal_time
    WHERE signal_time IS NOT NULL AND id IN (SELECT id FROM events WHERE source = 'webhook');
DROP INDEX orders_by_pairing;
CREATE INDEX orders_by_pairing ON orders (webhook_id, ticker, paired_at, signal_delay);
