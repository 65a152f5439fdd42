-- An archived webhook keeps its history, makes no orders, and is in no total. Its state is
-- 'paused' besides, so that an older algohook reads it as that.
ALTER TABLE webhooks ADD COLUMN is_archived INTEGER NOT NULL DEFAULT 0;

-- The few events that are not in the order of their arrival: the log shows all by time.
CREATE INDEX events_out_of_turn ON events (received_at, id) WHERE source IN ('imported', 'reprocessed');
