-- What the numbers of a backtest's list mean and who says so (JSON), and the figures of
-- TradingView's own report where the file had them (JSON). NULL for lists that were
-- imported before: these are read with the settings that their webhook had then.
ALTER TABLE backtests ADD COLUMN commission_kind TEXT;
ALTER TABLE backtests ADD COLUMN commission_value TEXT;
ALTER TABLE backtests ADD COLUMN terms TEXT;
ALTER TABLE backtests ADD COLUMN figures TEXT;

-- The largest gain and loss while a trade was open, and the bars that it was.
ALTER TABLE backtest_trades ADD COLUMN favorable TEXT;
ALTER TABLE backtest_trades ADD COLUMN adverse TEXT;
ALTER TABLE backtest_trades ADD COLUMN bars INTEGER;
