//! What waits to be written to one connection: shared frames in order, bounded in bytes.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Bytes that may wait for one connection. A client that is further behind is disconnected and
/// resumes from history, which costs less than keeping its backlog.
pub(super) const OUTBOX_BYTES_MAX: usize = 1024 * 1024;
/// Frames handed to the kernel in one call: beyond this a larger call saves nothing measurable.
const SLICES_MAX: usize = 64;

/// Room for the frames of one vectored write, on the stack.
pub(super) type Slices<'a> = [IoSlice<'a>; SLICES_MAX];

/// No frames yet.
pub(super) fn no_slices<'a>() -> Slices<'a> {
    [IoSlice::new(&[]); SLICES_MAX]
}

/// Frames on their way out.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Whether a part of the first frame was written already.
    begun: bool,
    /// Bytes of the last snapshot, until all is written: they count towards no limit.
    snapshot_bytes: usize,
}

impl Outbox {
    /// Appends a frame; `false` where the connection is too far behind, and nothing is appended.
    pub(super) fn push(&mut self, frame: Bytes) -> bool {
        if self.bytes + frame.len() > OUTBOX_BYTES_MAX + self.snapshot_bytes {
            return false;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        true
    }

    /// Appends a snapshot, which is as long as its user has rooms; `false` where the connection is
    /// too far behind, and nothing is appended.
    pub(super) fn push_snapshot(&mut self, frames: Vec<Bytes>) -> bool {
        if self.bytes > OUTBOX_BYTES_MAX {
            return false;
        }
        self.snapshot_bytes = frames.iter().map(Bytes::len).sum();
        self.bytes += self.snapshot_bytes;
        self.frames.extend(frames);
        true
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets what waits, but for the rest of a frame that has begun: without it the peer would
    /// take the next frame for that rest.
    pub(super) fn forget_unbegun(&mut self) {
        self.frames.truncate(usize::from(self.begun));
        self.bytes = self.frames.iter().map(Bytes::len).sum();
    }

    /// Fills in the first frames for a vectored write, cut off after `bytes_max`, and tells how many
    /// they are.
    pub(super) fn fill<'a>(&'a self, slices: &mut Slices<'a>, bytes_max: usize) -> usize {
        let (mut left, mut count) = (bytes_max, 0);
        for (slice, frame) in slices.iter_mut().zip(&self.frames) {
            let taken = frame.len().min(left);
            if taken == 0 {
                break;
            }
            *slice = IoSlice::new(&frame[..taken]);
            left -= taken;
            count += 1;
        }
        count
    }

    /// Takes off `count` bytes that were written.
    pub(super) fn advance(&mut self, mut count: usize) {
        self.bytes -= count;
        while count > 0 {
            let front = self.frames.front_mut().expect("invariant: no more is written than waits");
            if front.len() > count {
                front.advance(count);
                self.begun = true;
                return;
            }
            count -= front.len();
            self.begun = false;
            self.frames.pop_front();
        }
        if self.frames.is_empty() {
            self.snapshot_bytes = 0;
            if self.frames.capacity() > SLICES_MAX {
                self.frames = VecDeque::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_crosses_frames_and_keeps_the_rest() {
        let mut outbox = Outbox::default();
        for frame in ["abc", "de", "f"] {
            assert!(outbox.push(Bytes::from(frame)));
        }
        outbox.advance(4);
        let mut slices = no_slices();
        let count = outbox.fill(&mut slices, usize::MAX);
        let filled: Vec<&[u8]> = slices[..count].iter().map(|slice| &**slice).collect();
        assert_eq!(filled, [b"e".as_slice(), b"f"]);
        assert_eq!(outbox.fill(&mut no_slices(), 1), 1);
        outbox.advance(2);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_frame_that_has_begun_is_not_forgotten() {
        let mut outbox = Outbox::default();
        for frame in ["abc", "de", "f"] {
            assert!(outbox.push(Bytes::from(frame)));
        }
        outbox.advance(4);
        outbox.forget_unbegun();
        assert_eq!(outbox.bytes(), 1);
        outbox.advance(1);
        assert!(outbox.push(Bytes::from("gh")));
        outbox.forget_unbegun();
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_full_outbox_takes_nothing_more() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(Bytes::from(vec![0; OUTBOX_BYTES_MAX])));
        assert!(!outbox.push(Bytes::from("x")));
    }

    #[test]
    fn a_snapshot_takes_no_room_from_what_comes_behind_it_but_a_second_one_waits_for_it() {
        let mut outbox = Outbox::default();
        let snapshot = || vec![Bytes::from(vec![0; OUTBOX_BYTES_MAX]); 3];
        assert!(outbox.push_snapshot(snapshot()));
        assert!(outbox.push(Bytes::from(vec![0; OUTBOX_BYTES_MAX])));
        assert!(!outbox.push(Bytes::from("x")));
        assert!(!outbox.push_snapshot(snapshot()));
        outbox.advance(4 * OUTBOX_BYTES_MAX);
        assert!(outbox.push(Bytes::from(vec![0; OUTBOX_BYTES_MAX])));
        assert!(!outbox.push(Bytes::from("x")));
        assert!(outbox.push_snapshot(snapshot()));
    }
}
