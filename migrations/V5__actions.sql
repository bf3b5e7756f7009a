-- What a message is besides something said: an action, as in "alice waves". NULL is what was said.

ALTER TABLE messages ADD COLUMN kind TEXT CHECK (kind IN ('action'));
