-- How many trades are open at the end of a backtest's list. Of earlier lists it is only
-- known that there were some: where they made something.
ALTER TABLE backtests ADD COLUMN open_trades INTEGER NOT NULL DEFAULT 0;
UPDATE backtests SET open_trades = (open_long <> '0') + (open_short <> '0');
