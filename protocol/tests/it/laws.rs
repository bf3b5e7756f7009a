//! The laws of the wire, tried on arbitrary values and on arbitrary bytes.

use std::fmt::Debug;

use allocation_counter::measure;
use bytes::BytesMut;
use parlor_protocol::codec::{
    FRAME_BYTES_MAX, FRAME_BYTES_MAX_BEFORE_LOGIN, FrameCodec, LENGTH_BYTES, PAGE_BYTES_MAX,
    PAGE_ELEMENTS_MAX, frame,
};
use parlor_protocol::hello::Hello;
use parlor_protocol::id::{Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::{Changes, Message, MessageKind, Messages, Send};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::push::{Change, Changed, Push, RoomChange};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::reply::{Outcome, Reply, ServerFrame};
use parlor_protocol::request::{Command, Request};
use parlor_protocol::room::{Entry, Role, Room, Rooms, Visibility};
use parlor_protocol::text::{MAX_BODY_BYTES, MAX_TOPIC_CHARS, MessageText, Topic};
use proptest::prelude::*;
use tokio_util::codec::Decoder;

use crate::arbitrary;
use crate::examples::{self, Example};

/// What reading a frame of a client may allocate, per byte of it: its strings, and for a hello its
/// lists of numbers of four bytes, which double as they grow.
const ALLOCATED_PER_REQUEST_BYTE: usize = 16;
/// What reading a frame of a server may allocate, per byte of it. An element of a list may be one
/// byte that says that it has no fields, and stand for a whole struct of zeros; a list doubles as
/// it grows.
const ALLOCATED_PER_SERVER_BYTE: usize = 256;
/// What any reading may allocate besides, for messages of error.
const ALLOCATED_BESIDES: usize = 1024;

fn through_the_codec<T: Wire + Debug + PartialEq>(value: &T) -> Result<(), TestCaseError> {
    let bytes = frame(value).unwrap();
    let mut source = BytesMut::from(&bytes[..]);
    let read = FrameCodec::default().decode(&mut source).unwrap().expect("a whole frame");
    prop_assert!(source.is_empty());
    prop_assert_eq!(&T::decode(&read).unwrap(), value);
    Ok(())
}

fn within(bytes: &[u8], per_byte: usize, read: fn(&[u8])) -> Result<(), TestCaseError> {
    let allocated = measure(|| read(bytes)).bytes_max;
    let allowed = ALLOCATED_BESIDES + bytes.len() * per_byte;
    prop_assert!(allocated <= allowed as u64, "{} bytes for {}", allocated, bytes.len());
    Ok(())
}

/// Reads bytes as every frame: no panic, and no more memory than the bytes are worth.
fn read_as_everything(bytes: &[u8]) -> Result<(), TestCaseError> {
    within(bytes, ALLOCATED_PER_REQUEST_BYTE, |bytes| drop(Hello::decode(bytes)))?;
    within(bytes, ALLOCATED_PER_REQUEST_BYTE, |bytes| drop(Request::decode(bytes)))?;
    within(bytes, ALLOCATED_PER_SERVER_BYTE, |bytes| drop(ServerFrame::decode(bytes)))
}

/// The bytes of an example with a stretch of them replaced: most of what gets far into a decoder.
fn damaged_example() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let examples = examples::all();
    let stretch = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        Just(vec![0xff, 0xff, 0xff, 0xff, 0x0f]),
        Just(vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ];
    (0..examples.len(), any::<prop::sample::Index>(), 0..6_usize, stretch).prop_map(
        move |(example, at, removed, stretch)| {
            let mut bytes = examples[example].bytes.clone();
            let start = at.index(bytes.len() + 1);
            let end = (start + removed).min(bytes.len());
            bytes.splice(start..end, stretch);
            (example, bytes)
        },
    )
}

proptest! {
    #[test]
    fn hellos_survive_the_wire(hello in arbitrary::hello()) {
        through_the_codec(&hello)?;
    }

    #[test]
    fn requests_survive_the_wire(request in arbitrary::request()) {
        through_the_codec(&request)?;
    }

    #[test]
    fn server_frames_survive_the_wire(frame in arbitrary::server_frame()) {
        through_the_codec(&frame)?;
    }

    #[test]
    fn arbitrary_bytes_are_read_without_panic_in_bounded_memory(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        read_as_everything(&bytes)?;
    }

    #[test]
    fn damaged_values_are_read_without_panic_in_bounded_memory(
        (example, bytes) in damaged_example(),
    ) {
        let read = examples::all()[example].read;
        let allocated = measure(|| drop(read(&bytes))).bytes_max;
        // Writing the value down costs some as well, hence the larger share.
        let allowed = 8 * (ALLOCATED_BESIDES + bytes.len() * ALLOCATED_PER_SERVER_BYTE);
        prop_assert!(allocated <= allowed as u64, "{} bytes for {}", allocated, bytes.len());
    }

    #[test]
    fn arbitrary_streams_give_frames_within_the_limit(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
    ) {
        let (mut codec, mut source) = (FrameCodec::before_login(), BytesMut::new());
        'stream: for chunk in chunks {
            source.extend_from_slice(&chunk);
            loop {
                match codec.decode(&mut source) {
                    Ok(Some(frame)) => prop_assert!(frame.len() <= FRAME_BYTES_MAX_BEFORE_LOGIN),
                    Ok(None) => break,
                    Err(_) => break 'stream,
                }
                prop_assert!(source.capacity() <= 4 * FRAME_BYTES_MAX_BEFORE_LOGIN);
            }
        }
    }

    #[test]
    fn pages_filled_to_their_limit_fit_a_frame(sizes in prop::collection::vec(1..MAX_BODY_BYTES, 200)) {
        let mut page = Messages { messages: vec![], more: true, as_of: Revision(i64::MAX as u64) };
        let mut page_bytes = 0;
        for size in sizes.into_iter().take(PAGE_ELEMENTS_MAX as usize) {
            let message = Record(largest_message(size));
            page_bytes += postcard::to_stdvec(&message).unwrap().len();
            if page_bytes > PAGE_BYTES_MAX {
                break;
            }
            page.messages.push(message);
        }
        let outcome = Record(Outcome::Messages(page));
        let reply = ServerFrame::Reply(Reply { id: u32::MAX, outcome });
        prop_assert!(frame(&reply).is_ok());
    }
}

#[test]
fn frames_of_one_repeated_byte_are_read_in_bounded_memory() {
    for byte in 0..=u8::MAX {
        for head in [&[][..], &[1, 0], &[1, 0, 0xff, 0xff, 3], &[2], &[0, 0xff, 0xff, 3]] {
            let mut bytes = head.to_vec();
            bytes.resize(FRAME_BYTES_MAX, byte);
            read_as_everything(&bytes).unwrap();
        }
    }
}

#[test]
fn a_list_of_empty_records_is_read_in_bounded_memory() {
    let devices = [&[5_u8, 0xe0, 0xff, 0x03][..], &vec![0; FRAME_BYTES_MAX - 32]].concat();
    let outcome = postcard::to_stdvec(&devices).unwrap();
    let bytes = [&[1, 0][..], &outcome].concat();
    assert!(ServerFrame::decode(&bytes).is_ok());
    read_as_everything(&bytes).unwrap();
}

#[test]
fn a_cut_value_is_refused_or_goes_on_as_zeros() {
    for Example { name, bytes, read, .. } in examples::all() {
        for cut in 0..bytes.len() {
            let Some(value) = read(&bytes[..cut]) else { continue };
            let mut filled = bytes[..cut].to_vec();
            filled.resize(cut + 100, 0);
            assert_eq!(Some(value), read(&filled), "{name} cut at {cut}");
        }
    }
}

#[test]
fn bytes_behind_a_value_are_stepped_over() {
    for Example { name, value, mut bytes, read } in examples::all() {
        bytes.extend([0xff, 0x00, 0x80, 0x17]);
        assert_eq!(read(&bytes), Some(value), "{name}");
    }
}

#[test]
fn the_largest_message_fits_wherever_it_stands() {
    let message = largest_message(MAX_BODY_BYTES);
    let text = message.text.as_str().to_owned();
    let send = Send {
        room: RoomId::from_random(u64::MAX),
        nonce: Nonce::from_bytes([255; 16]),
        text,
        kind: MessageKind::Action,
    };
    frame(&Request { id: u32::MAX, command: Record(Command::Send(send)) }).unwrap();

    let change = || {
        Record(RoomChange {
            revision: Revision(i64::MAX as u64),
            at: Timestamp(i64::MIN),
            change: Record(Change::Message(message.clone())),
        })
    };
    let changed = Changed { room: RoomId::from_random(u64::MAX), change: change() };
    frame(&ServerFrame::Push(Record(Push::Changed(changed)))).unwrap();

    let one = postcard::to_stdvec(&change()).unwrap().len();
    let changes = (0..PAGE_BYTES_MAX / one).map(|_| change()).collect();
    let page = Changes { changes, more: true, as_of: Revision(i64::MAX as u64) };
    let outcome = Record(Outcome::Changes(page));
    frame(&ServerFrame::Reply(Reply { id: u32::MAX, outcome })).unwrap();
}

#[test]
fn a_page_of_the_longest_titles_fits_with_the_longest_place_to_go_on() {
    let title = Title::parse(&format!("a{}", "\u{301}".repeat(10)).repeat(24)).unwrap();
    let room = Room {
        room: RoomId::from_random(u64::MAX),
        title,
        members: u32::MAX,
        role: Some(Role::Owner),
        last_seq: Some(Seq(i64::MAX as u64)),
        revision: Some(Revision(i64::MAX as u64)),
        topic: Some(Topic::parse(&"\u{1f600}".repeat(MAX_TOPIC_CHARS)).unwrap()),
        visibility: Visibility::Private,
        entry: Entry::Open,
        slow_secs: u32::MAX,
        read: Some(Seq(i64::MAX as u64)),
        unread: Some(u64::MAX),
        mentions: Some(u32::MAX),
    };
    let one = postcard::to_stdvec(&Record(room.clone())).unwrap().len();
    assert!(one * PAGE_ELEMENTS_MAX as usize > FRAME_BYTES_MAX, "else a count would do as a limit");
    let rooms = vec![Record(room); PAGE_BYTES_MAX / one];
    // U+FDFA becomes eleven times as long in a title's key, by which rooms are ordered.
    let key = Title::parse(&"\u{fdfa}".repeat(48)).map_or(16 * 512, |title| title.key().len());
    let page = Rooms { rooms, next: Some("k".repeat(key)) };
    frame(&ServerFrame::Reply(Reply { id: u32::MAX, outcome: Record(Outcome::Rooms(page)) }))
        .unwrap();
}

fn largest_message(bytes: usize) -> Message {
    // Four bytes a character: no shorter text has as many bytes.
    let text = format!("{}{}", "\u{1f600}".repeat(bytes / 4), "a".repeat(bytes % 4));
    let text = text.chars().take(4_000).collect::<String>();
    Message {
        seq: Seq(i64::MAX as u64),
        at: Timestamp(i64::MIN),
        author: UserName::parse(&"a".repeat(32)).unwrap(),
        text: MessageText::parse(&text).unwrap(),
        kind: MessageKind::Action,
        author_removed: true,
    }
}

#[test]
fn an_unfinished_frame_reserves_no_more_than_it_announced() {
    let mut source = BytesMut::from(&u32::try_from(FRAME_BYTES_MAX).unwrap().to_be_bytes()[..]);
    let allocated =
        measure(|| assert!(FrameCodec::default().decode(&mut source).unwrap().is_none()));
    assert!(allocated.bytes_max <= 2 * (FRAME_BYTES_MAX + LENGTH_BYTES) as u64);
}
