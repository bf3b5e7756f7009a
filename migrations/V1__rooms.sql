-- The first schema. Migrations are append-only: what has been released is never edited.
--
-- Every number comes from the stream that it counts (a message's seq and revision from its room, a
-- device's number from its user), never from SQLite: there is no AUTOINCREMENT. Times are
-- milliseconds since 1970 in UTC. Users and rooms are never deleted, so that a reference holds.

-- The one row of what there is one of.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- The last revision of the directory: the stream of names and titles.
    directory_revision INTEGER NOT NULL,
    -- The serial of the last audit record that was ever made; the outbox forgets them.
    audit_serial INTEGER NOT NULL,
    -- The tables of Unicode by which the keys of titles were made.
    unicode_version TEXT NOT NULL,
    -- The server's half of all password records (OPAQUE's ServerSetup); made at the first start.
    opaque_setup BLOB
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    standing TEXT NOT NULL CHECK (standing IN ('ordinary', 'operator')),
    created_at INTEGER NOT NULL,
    -- The last revision of the user's own stream.
    revision INTEGER NOT NULL,
    -- The number of the user's newest device, also when it was revoked: none is given twice.
    last_device INTEGER NOT NULL,
    -- OPAQUE's record of the password, and scrypt's parameters by which it was stretched.
    password BLOB,
    log_n INTEGER,
    r INTEGER,
    p INTEGER
) STRICT;

-- The costs in use, of which an unknown name is answered with one.
CREATE INDEX users_by_cost ON users (log_n, r, p);

CREATE TABLE devices (
    user INTEGER NOT NULL REFERENCES users (id),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    created_at INTEGER NOT NULL,
    -- Written behind, every few seconds.
    used_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX devices_by_key ON devices (user, public_key);

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    topic TEXT,
    -- What makes the title unique, and what makes it look like another; NULL once it is free again.
    -- The rules keep it unique, by the tables of Unicode of the day; the index does not insist.
    key TEXT,
    skeleton TEXT,
    created_at INTEGER NOT NULL,
    -- The room's last change, and its last message.
    revision INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- How many members there are: counting them for each line of a listing would not do.
    members INTEGER NOT NULL,
    terminated_at INTEGER
) STRICT;

CREATE INDEX rooms_by_key ON rooms (key) WHERE key IS NOT NULL;

CREATE TABLE members (
    room INTEGER NOT NULL REFERENCES rooms (id),
    user INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    -- The room's revision at which this membership began: it gives the join order, and tells one
    -- membership of a user from the next.
    joined INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX members_by_join ON members (room, joined);
CREATE INDEX members_by_user ON members (user);

-- Who was a member and is none now, with how it ended.
CREATE TABLE former_members (
    room INTEGER NOT NULL REFERENCES rooms (id),
    user INTEGER NOT NULL REFERENCES users (id),
    ended_at INTEGER NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('left', 'terminated')),
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX former_members_by_user ON former_members (user);

-- A rowid table with an index beside it: messages of many rooms are appended at one end, which is
-- nearly twice as fast as a table that is kept in the order of (room, seq).
CREATE TABLE messages (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES users (id),
    -- Not indexed: random keys would cost more than half of the speed. Repeated nonces are found
    -- in memory, or in `old_nonces`.
    nonce BLOB NOT NULL CHECK (length(nonce) = 16),
    text TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX messages_by_seq ON messages (room, seq);

-- In which row the messages of each hour begin: those of the last days are found without an index
-- by time, also where the clock was set back between them.
CREATE TABLE message_hours (
    -- Hours since 1970 in UTC.
    hour INTEGER PRIMARY KEY,
    first INTEGER NOT NULL
) STRICT;

-- The changes of rooms that are no messages. Every revision of a room is either one of these or a
-- message, so that `revision = seq + nth` of the last change before it: the messages after a
-- revision are found by their seq, and need no second index.
CREATE TABLE changes (
    room INTEGER NOT NULL REFERENCES rooms (id),
    revision INTEGER NOT NULL,
    -- 1, 2, 3 … among the room's changes that are no messages.
    nth INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL
        CHECK (kind IN (
            'created', 'joined', 'departed', 'role-changed', 'terminated', 'topic-changed',
            'renamed'
        )),
    -- Who did it, or the one whom it happened to.
    user INTEGER REFERENCES users (id),
    role TEXT CHECK (role IN ('member', 'admin', 'owner')),
    how TEXT CHECK (how IN ('left', 'terminated')),
    -- The topic, NULL where it was cleared, or the title.
    text TEXT,
    PRIMARY KEY (room, revision)
) STRICT, WITHOUT ROWID;

-- Nonces of the last days that the daemon's memory had no room for. They begin with their time, so
-- that this key appends, and what has expired lies together at its beginning.
CREATE TABLE old_nonces (
    nonce BLOB NOT NULL CHECK (length(nonce) = 16),
    room INTEGER NOT NULL,
    author INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (nonce, room, author)
) STRICT, WITHOUT ROWID;

-- Audit records that may not have reached the audit file yet: written with what they tell of,
-- deleted once the file is synced.
CREATE TABLE audit_outbox (
    serial INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;
