-- m004 of the accounts: see access/schema.py

CREATE TABLE failed_log_ins (
    n bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    at double precision NOT NULL
);
CREATE INDEX failed_log_ins_name ON failed_log_ins (name);
