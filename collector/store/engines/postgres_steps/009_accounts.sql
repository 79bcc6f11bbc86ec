-- The accounts of several collectors; those of one are in a file of its own: see access/schema.py

CREATE TABLE users (
    name text COLLATE "C" PRIMARY KEY,
    hash text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL
);
CREATE TABLE sessions (
    digest text COLLATE "C" PRIMARY KEY,
    "user" text COLLATE "C" NOT NULL,
    expires double precision NOT NULL,
    seen double precision NOT NULL
);
CREATE TABLE tokens (
    name text COLLATE "C" PRIMARY KEY,
    digest text COLLATE "C" NOT NULL UNIQUE,
    role text COLLATE "C" NOT NULL,
    made_at double precision NOT NULL,
    expires_at double precision,
    used_at double precision
);
CREATE TABLE audit (
    n bigint PRIMARY KEY,
    at double precision NOT NULL,
    who text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL,
    detail text COLLATE "C" NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE FUNCTION keep_young_audit() RETURNS trigger LANGUAGE plpgsql AS
    $$ DECLARE newest double precision;
    BEGIN
        EXECUTE format('SELECT max(at) FROM %I.audit', TG_TABLE_SCHEMA) INTO newest;
        IF OLD.at > newest - 30 * 86400.0 THEN RAISE EXCEPTION 'the audit log is append-only'; END IF;
        RETURN OLD;
    END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION keep_young_audit();
