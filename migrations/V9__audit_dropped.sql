-- The last audit record whose file is no longer kept: the first that is kept follows it. NULL where
-- that is not known yet, in a store of before it was remembered.
ALTER TABLE meta ADD COLUMN audit_dropped INTEGER;
ALTER TABLE meta ADD COLUMN audit_dropped_hash BLOB;
