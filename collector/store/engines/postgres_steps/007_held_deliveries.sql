-- m018

ALTER TABLE deliveries ADD COLUMN held text COLLATE "C";
ALTER TABLE deliveries ADD COLUMN summary bigint;
