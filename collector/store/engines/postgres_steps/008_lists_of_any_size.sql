-- m019

CREATE INDEX events_health ON events (device, n) WHERE kind = 'health';
CREATE TABLE kept_counts (what text COLLATE "C" PRIMARY KEY, n bigint NOT NULL);
INSERT INTO kept_counts SELECT 'alerts', count(*) FROM alerts;
