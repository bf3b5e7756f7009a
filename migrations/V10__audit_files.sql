-- The audit files that the daemon has closed and still keeps. Only these are counted: whatever else
-- lies beside them, under whatever name, has none of them dropped.
CREATE TABLE audit_files (
    number INTEGER PRIMARY KEY,
    -- The last record in it.
    serial INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
