-- What users see of each other: display names, and since when somebody blocks whom.

ALTER TABLE users ADD COLUMN display_name TEXT;
-- Whoever is removed is no operator any more.
UPDATE users SET standing = 'ordinary' WHERE status = 'removed';

ALTER TABLE blocks ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
-- Nobody noted the time of those that are there; they count from the upgrade.
UPDATE blocks SET at = CAST(unixepoch('subsec') * 1000 AS INTEGER);
