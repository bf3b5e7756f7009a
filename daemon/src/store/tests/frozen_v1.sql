PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE audit_outbox (
    serial INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;
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
INSERT INTO "changes" VALUES(1,1,1,1795376832004,'created',1,NULL,NULL,NULL);
INSERT INTO "changes" VALUES(1,2,2,1795376832005,'joined',2,NULL,NULL,NULL);
INSERT INTO "changes" VALUES(4,1,1,1795376832008,'created',2,NULL,NULL,NULL);
INSERT INTO "changes" VALUES(4,2,2,1795376832009,'departed',2,NULL,'left',NULL);
INSERT INTO "changes" VALUES(4,3,3,1795376832009,'terminated',NULL,NULL,NULL,NULL);
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
INSERT INTO "devices" VALUES(1,1,'laptop 7',X'0707070707070707070707070707070707070707070707070707070707070707',1795376832003,1795376832003,'');
CREATE TABLE former_members (
    room INTEGER NOT NULL REFERENCES rooms (id),
    user INTEGER NOT NULL REFERENCES users (id),
    ended_at INTEGER NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('left', 'terminated')),
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
INSERT INTO "former_members" VALUES(4,2,1795376832009,'left');
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
INSERT INTO "members" VALUES(1,1,'owner',1,1795376832004);
INSERT INTO "members" VALUES(1,2,'member',2,1795376832005);
CREATE TABLE message_hours (
    -- Hours since 1970 in UTC.
    hour INTEGER PRIMARY KEY,
    first INTEGER NOT NULL
) STRICT;
INSERT INTO "message_hours" VALUES(498715,1);
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
INSERT INTO "messages" VALUES(1,1,3,1795376832006,1,X'01A204CC5E0570008000000000020000','hello bob');
INSERT INTO "messages" VALUES(1,2,4,1795376832007,2,X'01A204CC5E0670008000000000030000','hello alice');
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
INSERT INTO "meta" VALUES(1,5,0,'nfkc 18.0, fold 16.0, skeleton 18.0',X'010203');
CREATE TABLE old_nonces (
    nonce BLOB NOT NULL CHECK (length(nonce) = 16),
    room INTEGER NOT NULL,
    author INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (nonce, room, author)
) STRICT, WITHOUT ROWID;
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO "refinery_schema_history" VALUES(1,'rooms','2026-11-23T07:45:36.239306982Z','18105326809619845536');
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
INSERT INTO "rooms" VALUES(1,'Straße',NULL,'strasse','strasse',1795376832004,4,2,2,NULL);
INSERT INTO "rooms" VALUES(4,'gone',NULL,NULL,NULL,1795376832008,3,0,0,1795376832009);
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
INSERT INTO "users" VALUES(1,'alice','ordinary',1795376832001,2,1,X'616C696365',17,8,1);
INSERT INTO "users" VALUES(2,'bob','ordinary',1795376832002,1,0,X'626F62',17,8,1);
CREATE INDEX users_by_cost ON users (log_n, r, p);
CREATE UNIQUE INDEX devices_by_key ON devices (user, public_key);
CREATE INDEX rooms_by_key ON rooms (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX members_by_join ON members (room, joined);
CREATE INDEX members_by_user ON members (user);
CREATE INDEX former_members_by_user ON former_members (user);
CREATE UNIQUE INDEX messages_by_seq ON messages (room, seq);
COMMIT;
