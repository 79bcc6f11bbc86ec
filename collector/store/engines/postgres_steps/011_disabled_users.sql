-- m003 of the accounts, m002 of the tokens: see access/schema.py

ALTER TABLE users ADD COLUMN disabled integer NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN made_by text COLLATE "C" NOT NULL DEFAULT '';
