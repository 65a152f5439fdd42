-- Which events were processed again: the dashboard counts those that were not.
CREATE INDEX events_by_original ON events (original_id) WHERE source = 'reprocessed';
