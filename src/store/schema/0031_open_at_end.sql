-- What a list says of its end: the trades that are open there, and the range that it was tested
-- over. Both are NULL of lists that were brought in before; of their open trades the sums of
-- each side stay.
ALTER TABLE backtests ADD COLUMN listed_open TEXT;
ALTER TABLE backtests ADD COLUMN range_from INTEGER;
ALTER TABLE backtests ADD COLUMN range_to INTEGER;

-- The contract belongs to the list. Lists of before were read as the webhook's setting is now,
-- and stay so whatever becomes of the setting.
ALTER TABLE backtests ADD COLUMN contract TEXT;
UPDATE trades SET contract = coalesce(
    (SELECT CASE WHEN json_valid(w.settings) THEN w.settings ->> '$.contract' END
     FROM webhooks w WHERE w.id = trades.webhook_id), 'linear')
WHERE book = 1 AND contract IS NULL;
