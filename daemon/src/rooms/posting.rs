//! The rules of saying something.

use parlor_protocol::id::{Nonce, RoomId, Timestamp};
use parlor_protocol::refusal::Code;
use parlor_protocol::text::MessageText;

use super::command::Decision;
use super::decide::Draft;
use super::event::{RoomEvent, UserId};
use super::nonces::NonceKey;

pub(super) fn send(
    mut draft: Draft<'_>,
    author: UserId,
    room: RoomId,
    nonce: Nonce,
    text: &MessageText,
) -> Result<Decision, Code> {
    let made: Timestamp = nonce.at().ok_or(Code::BadRequest)?;
    // Age comes first: what is remembered, and what happens to be forgotten, must not matter.
    if draft.world.nonces.is_stale(made, draft.at) {
        return Err(Code::StaleNonce);
    }
    if let Some(first) = draft.world.nonces.posted(&NonceKey { nonce, room, author }) {
        return Ok(Decision::Repeated(first));
    }
    let seq = draft.known_room(room)?.last_seq.next();
    draft.room(room, RoomEvent::Messaged { seq, author, nonce, text: text.clone() });
    Ok(draft.done())
}
