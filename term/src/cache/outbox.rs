//! The outbox: one's own messages from when they are written until they are acknowledged.

use parlor_protocol::id::{Nonce, RoomId};
use parlor_protocol::message::MessageKind;
use rusqlite::params;

use super::rooms::number;
use super::{Cache, CacheError};
use crate::model::LocalId;

/// A message that is not acknowledged, as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Its name, and its place in the order of writing.
    pub(crate) local: LocalId,
    /// The room that it goes into.
    pub(crate) room: RoomId,
    /// What it says.
    pub(crate) text: String,
    /// Whether that is said or done.
    pub(crate) kind: MessageKind,
    /// Under which nonce it was sent, or is about to be.
    pub(crate) nonce: Option<Nonce>,
}

impl Cache {
    /// Writes messages down, or down again with their nonces. They are on the disk when this
    /// returns.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn write_out<'a>(
        &mut self,
        messages: impl IntoIterator<Item = &'a Waiting>,
    ) -> Result<(), CacheError> {
        self.write_through(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO outbox (id, room, text, kind, nonce) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET nonce = ?5",
            )?;
            for Waiting { local, room, text, kind, nonce } in messages {
                let nonce = nonce.map(Nonce::to_bytes);
                statement.execute(params![row(*local), number(*room), text, kind.word(), nonce])?;
            }
            Ok(())
        })
    }

    /// Notes that a message was refused for good. Without that on the disk it might be sent again
    /// after those that were written after it.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn refuse(&mut self, local: LocalId, why: &str) -> Result<(), CacheError> {
        self.write_through(|transaction| {
            let sql = "UPDATE outbox SET refused = ?2, nonce = NULL WHERE id = ?1";
            transaction.prepare_cached(sql)?.execute(params![row(local), why]).map(|_| ())
        })
    }

    /// Forgets a message that was acknowledged or taken back. If this is lost with the power, one
    /// that was acknowledged is sent again under its nonce, which changes nothing.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn settle(&mut self, local: LocalId) -> Result<(), CacheError> {
        self.write_behind("DELETE FROM outbox WHERE id = ?1", [row(local)]).map(|_| ())
    }
}

fn row(local: LocalId) -> i64 {
    i64::try_from(local.0).unwrap_or(i64::MAX)
}
