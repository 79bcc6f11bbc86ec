-- m017

CREATE TABLE subscribers (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    body bytea NOT NULL
);
CREATE TABLE deliveries (
    subscriber text COLLATE "C",
    seq bigint,
    queued_at double precision NOT NULL,
    due_at double precision NOT NULL,
    tries bigint NOT NULL DEFAULT 0,
    tried_at double precision,
    outcome text COLLATE "C",
    delivered integer NOT NULL DEFAULT 0,
    settled_at double precision,
    PRIMARY KEY (subscriber, seq)
);
CREATE INDEX deliveries_due ON deliveries (subscriber, due_at) WHERE settled_at IS NULL;
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE settled_at IS NOT NULL;
