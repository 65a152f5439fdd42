-- A contract month is one instrument, with four digits of its year, two or one: the symbols of all
-- tickers are found again, and the ledgers of those that are one are derived again from their
-- orders.
UPDATE tickers SET symbol = '';
