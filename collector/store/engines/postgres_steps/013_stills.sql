-- Of several collectors; one alone keeps stills in files, and what was asked for in its memory: see stills.py, asked_stills.py

CREATE TABLE asked_stills (
    alert text COLLATE "C" PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    at double precision NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE stills (
    alert text COLLATE "C" PRIMARY KEY,
    stored_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    note bytea NOT NULL,
    jpeg bytea NOT NULL
);
ALTER TABLE stills ALTER COLUMN jpeg SET STORAGE EXTERNAL;
