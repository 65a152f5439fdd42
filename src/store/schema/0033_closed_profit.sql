-- Net profit of all trades that a ledger closed, so that a percentage of the equity need not add
-- them up for every alert. It has as many digits as the exact sum. Those of before are added up
-- by the step that brings the database here.
ALTER TABLE ledgers ADD COLUMN closed_profit TEXT NOT NULL DEFAULT '0';
