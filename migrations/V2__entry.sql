-- Who gets in and who is kept out: private rooms, requests, invites, bans; notifications, read
-- markers, account states and sign-up codes.

ALTER TABLE meta ADD COLUMN last_user INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET last_user = (SELECT coalesce(max(id), 0) FROM users);
-- The mode that was set by command; NULL where the configuration decides.
ALTER TABLE meta ADD COLUMN sign_up TEXT
    CHECK (sign_up IN ('closed', 'code', 'approval', 'open'));

ALTER TABLE users ADD COLUMN status TEXT NOT NULL DEFAULT 'active'
    CHECK (status IN ('active', 'waiting', 'denied', 'disabled', 'removed'));
ALTER TABLE users ADD COLUMN status_at INTEGER NOT NULL DEFAULT 0;
UPDATE users SET status_at = created_at;
-- Why a sign-up was denied.
ALTER TABLE users ADD COLUMN status_reason TEXT;
-- The number of the user's newest notification, also when it was dismissed: none is given twice.
ALTER TABLE users ADD COLUMN last_notification INTEGER NOT NULL DEFAULT 0;

CREATE INDEX users_waiting ON users (name) WHERE status = 'waiting';

CREATE TABLE codes (
    code INTEGER PRIMARY KEY,
    uses INTEGER NOT NULL,
    until INTEGER NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('ordinary', 'operator')),
    created_at INTEGER NOT NULL
) STRICT;

-- Rooms that were there could be entered at once, and still can.
ALTER TABLE rooms ADD COLUMN visibility TEXT NOT NULL DEFAULT 'public'
    CHECK (visibility IN ('public', 'private'));
ALTER TABLE rooms ADD COLUMN entry TEXT NOT NULL DEFAULT 'open' CHECK (entry IN ('ask', 'open'));
-- Seconds between two messages of a plain member; 0 for no slow mode.
ALTER TABLE rooms ADD COLUMN slow_secs INTEGER NOT NULL DEFAULT 0;

CREATE INDEX rooms_terminated ON rooms (terminated_at) WHERE terminated_at IS NOT NULL;

-- The last message that the member has read. Written behind, every few seconds.
ALTER TABLE members ADD COLUMN read INTEGER NOT NULL DEFAULT 0;
UPDATE members SET read = (SELECT last_seq FROM rooms WHERE id = members.room);

-- Messages that mention a member and lie behind their read marker.
CREATE TABLE mentions (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq),
    FOREIGN KEY (room, user) REFERENCES members (room, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What those who are no members have to do with a room.
CREATE TABLE associations (
    room INTEGER NOT NULL REFERENCES rooms (id),
    user INTEGER NOT NULL REFERENCES users (id),
    -- The last thing that happened to it.
    since INTEGER NOT NULL,
    -- How it ended for them, and when; NULL for who has only asked or was only invited so far.
    ended TEXT
        CHECK (ended IN ('left', 'terminated', 'kicked', 'banned', 'denied', 'invite-expired')),
    ended_at INTEGER,
    -- Whether they were kicked since they last came in.
    must_ask INTEGER NOT NULL DEFAULT 0,
    denied_at INTEGER,
    requested_at INTEGER,
    request_reason TEXT,
    invited_at INTEGER,
    invited_until INTEGER,
    invited_by INTEGER REFERENCES users (id),
    banned_at INTEGER,
    -- NULL for good.
    banned_until INTEGER,
    banned_by INTEGER REFERENCES users (id),
    ban_reason TEXT,
    -- As what it was issued: the owner's bans only the owner lifts.
    ban_rank TEXT CHECK (ban_rank IN ('admin', 'owner')),
    -- Whether the banned know of it.
    ban_notice TEXT CHECK (ban_notice IN ('told', 'silent')),
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

INSERT INTO associations (room, user, since, ended, ended_at)
SELECT room, user, ended_at, how, ended_at FROM former_members;
DROP TABLE former_members;

CREATE INDEX associations_by_user ON associations (user);
CREATE INDEX associations_requested ON associations (room, user) WHERE requested_at IS NOT NULL;
CREATE INDEX associations_invited ON associations (room, user) WHERE invited_at IS NOT NULL;
CREATE INDEX associations_banned ON associations (room, user) WHERE banned_at IS NOT NULL;

CREATE TABLE blocks (
    user INTEGER NOT NULL REFERENCES users (id),
    blocked INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (user, blocked)
) STRICT, WITHOUT ROWID;

CREATE TABLE notifications (
    user INTEGER NOT NULL REFERENCES users (id),
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    room INTEGER REFERENCES rooms (id),
    -- What the room was called then.
    title TEXT,
    -- A name and no number: a sign-up that was denied is forgotten, and this is not.
    by TEXT,
    reason TEXT,
    role TEXT CHECK (role IN ('member', 'admin', 'owner')),
    seq INTEGER,
    read INTEGER NOT NULL,
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;

-- The changes of rooms that are no messages, with more kinds than before.
CREATE TABLE changes_of_rooms (
    room INTEGER NOT NULL REFERENCES rooms (id),
    revision INTEGER NOT NULL,
    -- 1, 2, 3 … among the room's changes that are no messages.
    nth INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL
        CHECK (kind IN (
            'created', 'joined', 'departed', 'role-changed', 'terminated', 'topic-changed',
            'renamed', 'slow-mode-changed', 'requested', 'request-ended', 'invited',
            'invite-ended', 'banned', 'unbanned', 'forgotten'
        )),
    -- The one whom it happened to, or who did it where there is only one.
    user INTEGER REFERENCES users (id),
    -- Who did it to somebody else.
    by INTEGER REFERENCES users (id),
    role TEXT CHECK (role IN ('member', 'admin', 'owner')),
    -- How a membership, a request or an invite ended.
    how TEXT,
    -- A topic, NULL where it was cleared; a title; or a reason.
    text TEXT,
    -- Until when an invite or a ban counts, or seconds of slow mode.
    number INTEGER,
    PRIMARY KEY (room, revision)
) STRICT, WITHOUT ROWID;

INSERT INTO changes_of_rooms (room, revision, nth, at, kind, user, role, how, text)
SELECT room, revision, nth, at, kind, user, role, how, text FROM changes;
DROP TABLE changes;
ALTER TABLE changes_of_rooms RENAME TO changes;
