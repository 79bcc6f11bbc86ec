-- m016

ALTER TABLE alerts ADD COLUMN told text COLLATE "C" NOT NULL DEFAULT 'closed';
UPDATE alerts SET told = state;
CREATE INDEX alerts_told ON alerts (device) WHERE told = 'open';
CREATE INDEX alert_changes_audible ON alert_changes (changed_at) WHERE audible = 1;
CREATE TABLE silences (
    n bigint PRIMARY KEY,
    device text COLLATE "C",
    camera text COLLATE "C",
    lane text COLLATE "C",
    kind text COLLATE "C",
    begins double precision NOT NULL,
    ends double precision NOT NULL,
    reason text COLLATE "C" NOT NULL,
    author text COLLATE "C" NOT NULL,
    made_at double precision NOT NULL
);
CREATE INDEX silences_ends ON silences (ends);
CREATE TABLE shift_notes (
    n bigint PRIMARY KEY,
    at double precision NOT NULL,
    author text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL
);
