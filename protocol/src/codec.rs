//! Frames: a 4-byte big-endian length, then that many bytes of one value.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::record::{DecodeError, USUAL_BYTES, Wire};

/// Bytes of one frame's value, at most, once logged in.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one frame's value, at most, before the login: strangers get little memory.
pub const FRAME_BYTES_MAX_BEFORE_LOGIN: usize = 4 * 1024;
/// Elements of one page, at most; whoever asks for none or for more gets as many.
pub const PAGE_ELEMENTS_MAX: u32 = 200;
/// Bytes of the elements of one page, at most: an element that would go beyond begins the next
/// page. It leaves a frame room for what stands around them.
pub const PAGE_BYTES_MAX: usize = 48 * 1024;
/// Bytes of the length in front of each value.
pub const LENGTH_BYTES: usize = 4;

/// Why bytes are no frame, or a value makes none.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The length says more than is allowed; nothing was allocated for it.
    #[error("a frame of {length} bytes is longer than the {max} allowed")]
    TooLong {
        /// What it says, in bytes.
        length: usize,
        /// What is allowed, in bytes.
        max: usize,
    },
    /// The bytes of a frame hold no value of the expected type.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Cuts a stream into frames and makes frames of values. The values are left as bytes: what they
/// must be depends on the state of the connection, which the codec does not know.
#[derive(Debug)]
pub struct FrameCodec {
    max: usize,
}

impl Default for FrameCodec {
    /// A codec for a connection that is logged in, or that trusts its peer, as a client does.
    fn default() -> Self {
        Self { max: FRAME_BYTES_MAX }
    }
}

impl FrameCodec {
    /// A codec for a connection that has not logged in.
    #[must_use]
    pub fn before_login() -> Self {
        Self { max: FRAME_BYTES_MAX_BEFORE_LOGIN }
    }
}

impl Decoder for FrameCodec {
    type Item = Bytes;
    type Error = FrameError;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        let Some(head) = source.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*head) as usize;
        if length > self.max {
            return Err(FrameError::TooLong { length, max: self.max });
        }
        if source.len() < LENGTH_BYTES + length {
            source.reserve(LENGTH_BYTES + length - source.len());
            return Ok(None);
        }
        let mut frame = source.split_to(LENGTH_BYTES + length);
        Ok(Some(frame.split_off(LENGTH_BYTES).freeze()))
    }
}

impl<T: Wire> Encoder<&T> for FrameCodec {
    type Error = FrameError;

    fn encode(&mut self, value: &T, target: &mut BytesMut) -> Result<(), FrameError> {
        target.put_slice(&frame(value)?);
        Ok(())
    }
}

/// Makes a whole frame of `value`, ready to be written any number of times.
///
/// # Errors
/// The value is never sent (`Unknown`), or too long for a frame.
pub fn frame<T: Wire>(value: &T) -> Result<Bytes, FrameError> {
    let failed = |_| DecodeError { what: std::any::type_name::<T>() };
    let mut bytes = Vec::with_capacity(LENGTH_BYTES + USUAL_BYTES);
    bytes.extend([0; LENGTH_BYTES]);
    let mut bytes = postcard::to_extend(value, bytes).map_err(failed)?;
    let length = bytes.len() - LENGTH_BYTES;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::TooLong { length, max: FRAME_BYTES_MAX });
    }
    let head = u32::try_from(length).expect("invariant: a frame is at most 64 KiB").to_be_bytes();
    bytes[..LENGTH_BYTES].copy_from_slice(&head);
    // What waits for a slow client is bounded in bytes: the room that was not needed goes back.
    Ok(bytes.into_boxed_slice().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hello::Hello;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut stream = BytesMut::new();
        for client in ["a", "bb", ""] {
            FrameCodec::default().encode(&Hello::new(client), &mut stream).unwrap();
        }
        let (mut codec, mut fed, mut read) = (FrameCodec::default(), BytesMut::new(), vec![]);
        for byte in stream {
            fed.put_u8(byte);
            while let Some(frame) = codec.decode(&mut fed).unwrap() {
                read.push(Hello::decode(&frame).unwrap().client);
            }
        }
        assert_eq!(read, ["a", "bb", ""]);
    }

    #[test]
    fn an_announced_length_over_the_limit_allocates_nothing() {
        let mut source = BytesMut::from(&u32::MAX.to_be_bytes()[..]);
        let capacity = source.capacity();
        let error = FrameCodec::before_login().decode(&mut source).unwrap_err();
        assert!(matches!(error, FrameError::TooLong { length: 0xffff_ffff, max: 4096 }));
        assert_eq!(source.capacity(), capacity);
    }
}
