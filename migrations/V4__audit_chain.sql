-- The chain of audit records: each carries the hash of the one before it and its own.

-- The hash of the last audit record that was ever made; zeros before the first one of the chain.
ALTER TABLE meta ADD COLUMN audit_head BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';

-- The outbox holds whole lines from now on; what is in it already belongs to no chain.
UPDATE audit_outbox SET record = '{"serial":' || serial || ',' || substr(record, 2);
