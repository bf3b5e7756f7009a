//! Messages that are not acknowledged: which is sent next, and what becomes of them.

use std::collections::VecDeque;
use std::time::Duration;

use parlor_protocol::id::{Nonce, RoomId};
use parlor_protocol::message::{MessageKind, Send};
use tokio::time::Instant;

use crate::model::LocalId;

/// How many messages are under way at once; enough to fill a slow link, and no more than half of
/// the requests that a server takes.
const UNDER_WAY_MAX: usize = 32;

/// The messages, in the order in which they were written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    /// The server wants nothing before then.
    paused_until: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    local: LocalId,
    room: RoomId,
    text: String,
    kind: MessageKind,
    /// Made at the first sending, by the server's clock, and kept: it is what makes sending again
    /// harmless.
    nonce: Option<Nonce>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    UnderWay,
}

impl Outbox {
    /// Takes a message that was just written.
    pub(super) fn add(&mut self, room: RoomId, local: LocalId, text: String, kind: MessageKind) {
        self.entries.push_back(Entry { local, room, text, kind, nonce: None, state: State::Waits });
    }

    /// The next message to send now, which is then under way.
    pub(super) fn next(
        &mut self,
        now: Instant,
        make_nonce: impl FnOnce() -> Nonce,
    ) -> Option<(LocalId, Send)> {
        if self.paused_until.is_some_and(|until| now < until) {
            return None;
        }
        self.paused_until = None;
        let under_way = |entry: &&Entry| entry.state == State::UnderWay;
        if self.entries.iter().filter(under_way).count() >= UNDER_WAY_MAX {
            return None;
        }
        let entry = self.entries.iter_mut().find(|entry| entry.state == State::Waits)?;
        entry.state = State::UnderWay;
        let nonce = *entry.nonce.get_or_insert_with(make_nonce);
        Some((
            entry.local,
            Send { room: entry.room, nonce, text: entry.text.clone(), kind: entry.kind },
        ))
    }

    /// When there may be something to send though nothing happens.
    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Forgets a message that was answered for good, and gives its room.
    pub(super) fn settle(&mut self, local: LocalId) -> Option<RoomId> {
        let place = self.entries.iter().position(|entry| entry.local == local)?;
        self.entries.remove(place).map(|entry| entry.room)
    }

    /// Sends a message again after a while, and nothing else before it.
    pub(super) fn put_back(&mut self, local: LocalId, now: Instant, wait: Duration) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.local == local) {
            entry.state = State::Waits;
            self.paused_until = Some(now + wait);
        }
    }

    /// The connection is gone: what was under way is sent again, first.
    pub(super) fn disconnected(&mut self) {
        self.paused_until = None;
        for entry in &mut self.entries {
            entry.state = State::Waits;
        }
    }

    /// Forgets the messages into a room that one has left, but for those under way.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.entries.retain(|entry| entry.room != room || entry.state == State::UnderWay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(messages: u64) -> Outbox {
        let mut outbox = Outbox::default();
        for number in 0..messages {
            outbox.add(
                RoomId::from_random(number % 2),
                LocalId(number),
                number.to_string(),
                MessageKind::Said,
            );
        }
        outbox
    }

    fn nonce(number: u8) -> Nonce {
        Nonce::from_bytes([number; 16])
    }

    #[test]
    fn messages_go_out_in_order_and_again_in_order_under_the_same_nonce() {
        let (mut outbox, now) = (outbox(3), Instant::now());
        let first = outbox.next(now, || nonce(1)).unwrap();
        let second = outbox.next(now, || nonce(2)).unwrap();
        assert_eq!((first.0, second.0), (LocalId(0), LocalId(1)));
        assert_eq!(outbox.settle(LocalId(1)), Some(RoomId::from_random(1)));
        outbox.disconnected();
        assert_eq!(outbox.next(now, || nonce(9)), Some(first), "the nonce stays");
        let third = outbox.next(now, || nonce(3)).unwrap();
        assert_eq!((third.0, third.1.nonce), (LocalId(2), nonce(3)));
        assert_eq!(outbox.next(now, || nonce(4)), None);
    }

    #[test]
    fn no_more_are_under_way_than_the_server_may_have_room_for() {
        let (mut outbox, now) = (outbox(100), Instant::now());
        let under_way = std::iter::from_fn(|| outbox.next(now, || nonce(0))).count();
        assert_eq!(under_way, UNDER_WAY_MAX);
        outbox.settle(LocalId(0));
        assert!(outbox.next(now, || nonce(0)).is_some());
    }

    #[test]
    fn what_is_put_back_goes_first_when_the_wait_is_over() {
        let (mut outbox, now) = (outbox(2), Instant::now());
        let first = outbox.next(now, || nonce(1)).unwrap();
        outbox.put_back(LocalId(0), now, Duration::from_secs(1));
        assert_eq!(outbox.next(now, || nonce(2)), None);
        assert_eq!(outbox.paused_until(), Some(now + Duration::from_secs(1)));
        assert_eq!(outbox.next(now + Duration::from_secs(1), || nonce(2)), Some(first));
    }

    #[test]
    fn nothing_more_goes_into_a_room_that_was_left() {
        let (mut outbox, now) = (outbox(4), Instant::now());
        outbox.next(now, || nonce(1)).unwrap();
        outbox.forget(RoomId::from_random(0));
        let rest: Vec<_> =
            std::iter::from_fn(|| outbox.next(now, || nonce(1))).map(|(local, _)| local).collect();
        assert_eq!(rest, [LocalId(1), LocalId(3)]);
        assert!(outbox.settle(LocalId(0)).is_some(), "what is under way is answered yet");
    }
}
