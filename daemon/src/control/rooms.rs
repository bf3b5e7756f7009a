//! What operators see of rooms: titles, members and sizes, and nothing that is said in them.

use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::{Code, Refusal};

use super::{Daemon, ListedMember, ListedRoom, Response, look_up};
use crate::store::{MemberLine, RoomLine};

/// Rooms on one page of the list: with the longest titles and topics they take a line well below
/// its longest.
const PAGE_ROOMS_MAX: u32 = 20;
/// Members on one page of the list.
const PAGE_MEMBERS_MAX: u32 = 200;

pub(super) async fn list(daemon: &impl Daemon, after: Option<String>) -> Result<Response, Refusal> {
    let read = look_up(daemon, move |store| store.all_rooms(after.as_deref(), PAGE_ROOMS_MAX));
    let (page, next) = read.await?;
    Ok(Response::Rooms { rooms: page.into_iter().map(listed).collect(), next })
}

pub(super) async fn show(daemon: &impl Daemon, room: RoomId) -> Result<Response, Refusal> {
    let found = look_up(daemon, move |readers| readers.room_line(room)).await?;
    Ok(Response::ShownRoom(listed(found.ok_or(Code::NoSuchRoom)?)))
}

pub(super) async fn members(
    daemon: &impl Daemon,
    room: RoomId,
    after: u64,
) -> Result<Response, Refusal> {
    let read = look_up(daemon, move |readers| readers.members_of(room, after, PAGE_MEMBERS_MAX));
    let listed = read.await?.into_iter().map(|MemberLine { user, role, joined_at, joined }| {
        ListedMember { user, role: role.word().to_owned(), joined_at, joined }
    });
    Ok(Response::Members(listed.collect()))
}

fn listed(line: RoomLine) -> ListedRoom {
    ListedRoom {
        room: line.id,
        title: line.title.as_str().to_owned(),
        topic: line.topic,
        visibility: line.visibility.word().to_owned(),
        entry: line.entry.word().to_owned(),
        members: line.members,
        owner: line.owner,
        created_at: line.created_at,
        terminated_at: line.terminated_at,
    }
}
