//! What requests, invites, bans and partings write: a change of the room, and the association of
//! its user as it is after it.

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::Timestamp;
use parlor_protocol::room::Departure;
use parlor_protocol::text::Reason;
use rusqlite::{Params, params};

use super::{Change, Logged, run};
use crate::rooms::{BanNotice, Rank, UserId, ended_by};
use crate::store::rows::{notice_word, rank_word, room_int, user_int};

impl Change<'_> {
    /// A membership has ended: the association begins anew.
    pub(super) fn parted(&self, user: UserId, how: Departure) -> rusqlite::Result<()> {
        let ended = ended_by(how);
        run(
            self.connection,
            "INSERT INTO associations (room, user, since, ended, ended_at, must_ask)
             VALUES (?1, ?2, ?3, ?4, ?3, ?5)",
            params![
                room_int(self.room),
                user_int(user),
                self.event.at.0,
                ended.word(),
                ended == parlor_protocol::entry::Ended::Kicked
            ],
        )
    }

    pub(super) fn dissociate(&self, user: UserId) -> rusqlite::Result<()> {
        run(
            self.connection,
            "DELETE FROM associations WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user)],
        )
    }

    pub(super) fn requested(&self, user: UserId, reason: Option<&Reason>) -> rusqlite::Result<()> {
        let text = reason.map(Reason::as_str);
        self.log("requested", Logged { user: Some(user), text, ..Logged::default() })?;
        self.associate(user)?;
        self.update(
            "UPDATE associations SET requested_at = ?3, request_reason = ?4
             WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user), self.event.at.0, text],
        )
    }

    pub(super) fn request_ended(
        &self,
        user: UserId,
        how: RequestEnd,
        by: Option<UserId>,
        reason: Option<&Reason>,
    ) -> rusqlite::Result<()> {
        let (text, word) = (reason.map(Reason::as_str), Some(how.word()));
        self.log(
            "request-ended",
            Logged { user: Some(user), by, how: word, text, ..Logged::default() },
        )?;
        self.associate(user)?;
        self.update(
            "UPDATE associations SET requested_at = NULL, request_reason = NULL
             WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user)],
        )?;
        match how {
            RequestEnd::Denied => self.update(
                "UPDATE associations SET denied_at = ?3, ended = 'denied', ended_at = ?3
                 WHERE room = ?1 AND user = ?2",
                params![room_int(self.room), user_int(user), self.event.at.0],
            ),
            RequestEnd::Withdrawn | RequestEnd::Unknown => self.tidy(user),
        }
    }

    pub(super) fn invited(
        &self,
        user: UserId,
        by: UserId,
        until: Timestamp,
    ) -> rusqlite::Result<()> {
        let (by_whom, number) = (Some(by), Some(until.0));
        self.log("invited", Logged { user: Some(user), by: by_whom, number, ..Logged::default() })?;
        self.associate(user)?;
        self.update(
            "UPDATE associations SET invited_at = ?3, invited_until = ?4, invited_by = ?5
             WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user), self.event.at.0, until.0, user_int(by)],
        )
    }

    pub(super) fn invite_ended(
        &self,
        user: UserId,
        how: InviteEnd,
        by: Option<UserId>,
    ) -> rusqlite::Result<()> {
        let word = Some(how.word());
        self.log("invite-ended", Logged { user: Some(user), by, how: word, ..Logged::default() })?;
        self.associate(user)?;
        self.update(
            "UPDATE associations SET invited_at = NULL, invited_until = NULL, invited_by = NULL
             WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user)],
        )?;
        match how {
            InviteEnd::Expired => self.update(
                "UPDATE associations SET ended = 'invite-expired', ended_at = ?3
                 WHERE room = ?1 AND user = ?2",
                params![room_int(self.room), user_int(user), self.event.at.0],
            ),
            InviteEnd::Revoked | InviteEnd::Unknown => self.tidy(user),
        }
    }

    pub(super) fn banned(
        &self,
        user: UserId,
        by: UserId,
        reason: Option<&Reason>,
        until: Option<Timestamp>,
        (rank, notice): (Rank, BanNotice),
    ) -> rusqlite::Result<()> {
        let (text, until) = (reason.map(Reason::as_str), until.map(|until| until.0));
        let logged = Logged { user: Some(user), by: Some(by), text, ..Logged::default() };
        self.log("banned", Logged { number: until, ..logged })?;
        self.associate(user)?;
        self.update(
            "UPDATE associations SET
                 banned_at = ?3, banned_until = ?4, banned_by = ?5, ban_reason = ?6,
                 ban_rank = ?7, ban_notice = ?8, requested_at = NULL, request_reason = NULL,
                 invited_at = NULL, invited_until = NULL, invited_by = NULL
             WHERE room = ?1 AND user = ?2",
            params![
                room_int(self.room),
                user_int(user),
                self.event.at.0,
                until,
                user_int(by),
                text,
                rank_word(rank),
                notice_word(notice)
            ],
        )
    }

    pub(super) fn unbanned(&self, user: UserId, by: Option<UserId>) -> rusqlite::Result<()> {
        self.log("unbanned", Logged { user: Some(user), by, ..Logged::default() })?;
        self.associate(user)?;
        self.update(
            "UPDATE associations SET
                 ended = CASE ban_notice WHEN 'told' THEN 'banned' ELSE ended END,
                 ended_at = CASE ban_notice WHEN 'told' THEN ?3 ELSE ended_at END,
                 banned_at = NULL, banned_until = NULL, banned_by = NULL, ban_reason = NULL,
                 ban_rank = NULL, ban_notice = NULL
             WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user), self.event.at.0],
        )?;
        self.tidy(user)
    }

    pub(super) fn forgotten(&self, user: UserId) -> rusqlite::Result<()> {
        self.log("forgotten", Logged { user: Some(user), ..Logged::default() })?;
        self.dissociate(user)
    }

    /// Makes sure of the association, to which something happens now.
    fn associate(&self, user: UserId) -> rusqlite::Result<()> {
        self.update(
            "INSERT INTO associations (room, user, since) VALUES (?1, ?2, ?3)
             ON CONFLICT (room, user) DO UPDATE SET since = ?3",
            params![room_int(self.room), user_int(user), self.event.at.0],
        )
    }

    /// Removes the association if nothing is left of it.
    fn tidy(&self, user: UserId) -> rusqlite::Result<()> {
        self.update(
            "DELETE FROM associations
             WHERE room = ?1 AND user = ?2 AND ended IS NULL AND requested_at IS NULL
                   AND invited_at IS NULL AND banned_at IS NULL",
            params![room_int(self.room), user_int(user)],
        )
    }

    fn update(&self, sql: &str, params: impl Params) -> rusqlite::Result<()> {
        run(self.connection, sql, params)
    }
}
