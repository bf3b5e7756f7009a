//! The rules of saying something, and of having read it.

use parlor_protocol::id::{Nonce, RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::text::{MessageText, mentions as mentions_in};

use super::command::Decision;
use super::decide::Draft;
use super::event::{Notice, RoomEvent, UserId};
use super::nonces::NonceKey;
use super::world::{Room, World};

/// The most members whom one message mentions; further names in it are only text.
const MENTIONS_MAX: usize = 20;
/// The most unread mentions that are counted of one member in one room.
pub(super) const MENTIONS_COUNTED_MAX: usize = 1_000;

pub(super) fn send(
    mut draft: Draft<'_>,
    author: UserId,
    room: RoomId,
    nonce: Nonce,
    (text, kind): (&MessageText, MessageKind),
) -> Result<Decision, Code> {
    let made: Timestamp = nonce.at().ok_or(Code::BadRequest)?;
    // Age comes first: what is remembered, and what happens to be forgotten, must not matter.
    if draft.world.nonces.is_stale(made, draft.at) {
        return Err(Code::StaleNonce);
    }
    if let Some(first) = draft.world.nonces.posted(&NonceKey { nonce, room, author }) {
        return Ok(Decision::Repeated(first));
    }
    let known = draft.known_room(room)?;
    let seq = known.last_seq.next();
    let mentions = mentions(draft.world, known, author, text);
    let text = text.clone();
    draft.room(
        room,
        RoomEvent::Messaged { seq, author, nonce, text, kind, mentions: mentions.clone() },
    );
    for user in mentions {
        let of = Notice::of(NotificationKind::Mentioned, room, known);
        draft.notify(user, Notice { by: Some(author), seq: Some(seq), ..of });
    }
    Ok(draft.done())
}

/// The members whom a text names as `@name`, in its order, but for those who block its author.
fn mentions(world: &World, room: &Room, author: UserId, text: &MessageText) -> Vec<UserId> {
    let mut found = Vec::new();
    for name in mentions_in(text.as_str()) {
        if found.len() >= MENTIONS_MAX {
            break;
        }
        let Some(user) = world.user_by_name(&name) else { continue };
        let wants_it = !world.users[&user].blocked.contains(&author);
        if user != author && wants_it && room.membership(user).is_some() && !found.contains(&user) {
            found.push(user);
        }
    }
    found
}

/// A marker only grows, and not beyond the last message.
pub(super) fn mark_read(
    draft: &Draft<'_>,
    user: UserId,
    room: RoomId,
    seq: Seq,
) -> Result<Decision, Code> {
    let known = draft.known_room(room)?;
    let reading = known.reading(user).ok_or(Code::NotAMember)?;
    Ok(Decision::Read(seq.min(known.last_seq).max(reading.read)))
}

impl World {
    /// Notes that a room keeps its messages up to this one no longer.
    pub(crate) fn drop_messages(&mut self, room: RoomId, upto: Seq) {
        self.room_mut(room).dropped = upto;
    }

    /// Notes how far a member has read, as [`Decision::Read`] has it.
    pub(crate) fn read(&mut self, room: RoomId, user: UserId, seq: Seq) {
        let Some(member) = self.room_mut(room).members.get_mut(&user) else { return };
        member.reading.read = seq;
        member.reading.mentions.retain(|&mention| mention > seq);
    }
}
