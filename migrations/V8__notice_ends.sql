-- When what a notification tells of ends: an invite, or a ban for a while.
ALTER TABLE notifications ADD COLUMN until INTEGER;
