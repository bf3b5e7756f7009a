-- Rooms may drop their oldest messages (retention.messages_days): up to and with which. What is
-- missing beyond it is lost.
ALTER TABLE rooms ADD COLUMN dropped_seq INTEGER NOT NULL DEFAULT 0;
