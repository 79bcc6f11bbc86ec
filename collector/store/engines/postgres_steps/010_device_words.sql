-- m020

CREATE TABLE device_words (
    kind text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at double precision NOT NULL,
    received_at double precision NOT NULL,
    until double precision,
    body bytea NOT NULL,
    PRIMARY KEY (kind, device)
);
