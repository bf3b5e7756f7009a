//! What comes from the network does to the model.

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::push::{Change, Exited};
use parlor_protocol::room::{self, Role};

use super::{Intent, News, error, go_to, hint, look_up, take_back};
use crate::model::{
    Before, HIDDEN_ENTRIES_MAX, Link, Listed, LocalId, Member, Model, More, Popup, Room, Said,
    SendState, What,
};
use crate::words::{self, Commands};

pub(super) fn take(model: &mut Model, news: News) -> Vec<Intent> {
    match news {
        News::Link(link) => take_link(model, link),
        News::Rooms(rooms) => return take_rooms(model, &rooms),
        News::Entered(room) => {
            take_room(model, &room);
            // What another device entered does not take one away from where one is.
            if model.asked.is_some() || model.here.is_none() {
                return go_to(model, room.room);
            }
        }
        News::Exited(exited) => return exit(model, &exited),
        News::Notified(told) => take_notified(model, &told),
        News::Read { room, unread } => take_read(model, room, unread),
        News::Changed { room, at, change } => take_change(model, room, at, change),
        News::CatchingUp(room) => {
            if let Some(room) = model.room_mut(room) {
                room.catching_up = true;
            }
        }
        News::Gap(id) => {
            if let Some(room) = model.room_mut(id) {
                room.timeline.clear();
                room.catching_up = false;
                room.members.clear();
            }
            return if model.here == Some(id) { look_up(model, id) } else { Vec::new() };
        }
        News::Older { room, messages, before } => {
            if let Some(room) = model.room_mut(room) {
                let page = messages.iter().map(|message| (message.at, Said::from(message)));
                room.timeline.prepend(page.collect(), before);
            }
        }
        News::Members { room, members } => {
            if let Some(room) = model.room_mut(room) {
                room.members = members;
            }
        }
        News::Listed { search, rooms, more } => take_listed(model, &search, rooms, more),
        News::Queued { room, local } => {
            if let Some(state @ SendState::Unkept) = state(model, room, local) {
                *state = SendState::Queued;
            }
        }
        News::Held { room, local, until } => {
            if let Some(state) = state(model, room, local) {
                *state = SendState::Held { until };
            }
        }
        News::Acknowledged { room, local } => {
            if let Some(room) = model.room_mut(room) {
                room.unsent.retain(|unsent| unsent.local != local);
            }
        }
        News::Refused { room, local, why } => {
            if let Some(state) = state(model, room, local) {
                *state = SendState::Refused(why.clone());
                error(model, format!("Not sent: {why} Up takes it back into an empty input."));
            }
        }
        News::Done => model.asked = None,
        News::Failed(why) => fail(model, why),
        News::Warning(why) => error(model, why),
        News::Leave => return vec![Intent::Quit],
    }
    Vec::new()
}

/// How a message of one's own stands.
fn state(model: &mut Model, room: RoomId, local: LocalId) -> Option<&mut SendState> {
    let mut unsent = model.room_mut(room)?.unsent.iter_mut();
    unsent.find(|unsent| unsent.local == local).map(|unsent| &mut unsent.state)
}

/// Gives the command back that the server did not do.
fn fail(model: &mut Model, why: String) {
    let asked = model.asked.take();
    // A directory that was opened for the answer has nothing to show.
    if let Some(Popup::Directory(directory)) = &model.popup
        && directory.rooms.is_empty()
    {
        model.popup = None;
    }
    if let Some(asked) = asked
        && model.input.is_empty()
    {
        model.input.insert(&asked);
    }
    error(model, why);
}

fn take_read(model: &mut Model, room: RoomId, unread: u64) {
    if let Some(room) = model.room_mut(room) {
        room.unread = room.unread.min(u32::try_from(unread).unwrap_or(u32::MAX));
    }
}

fn take_link(model: &mut Model, link: Link) {
    let was_online = matches!(model.link, Link::Online { .. });
    let online = matches!(link, Link::Online { .. });
    model.link = link;
    if was_online && online {
        return;
    }
    // Pages that were asked for over another connection will not come any more.
    for room in &mut model.rooms {
        room.catching_up = false;
        for unsent in &mut room.unsent {
            if let SendState::Held { .. } = unsent.state {
                unsent.state = SendState::Queued;
            }
        }
        if room.timeline.before() == Before::Asked {
            room.timeline.set_before(Before::Unknown);
        }
    }
    if model.asked.is_some() {
        fail(model, "The connection was lost before the server answered.".to_owned());
    }
}

/// Takes the list of one's rooms: what is no longer in it is gone.
fn take_rooms(model: &mut Model, rooms: &[room::Room]) -> Vec<Intent> {
    let gone: Vec<_> = model
        .rooms
        .iter()
        .map(|room| room.id)
        .filter(|id| rooms.iter().all(|room| room.room != *id))
        .collect();
    let mut unsent = Vec::new();
    for id in gone {
        unsent.extend(forget(model, id));
    }
    let mut rooms: Vec<_> = rooms.iter().collect();
    // Rooms that are there already keep their numbers; the new ones follow by title.
    rooms.sort_by_key(|room| room.title.as_str().to_lowercase());
    for room in rooms {
        take_room(model, room);
    }
    let mut intents = match (model.here, model.rooms.first().map(|room| room.id)) {
        (Some(here), _) => look_up(model, here),
        (None, Some(first)) => go_to(model, first),
        (None, None) => Vec::new(),
    };
    intents.extend(take_back(model, &unsent));
    intents
}

fn take_room(model: &mut Model, room: &room::Room) {
    let role = room.role.unwrap_or(Role::Member);
    if model.room_mut(room.room).is_none() {
        model.rooms.push(Room::new(room.room, room.title.as_str(), role));
    }
    let known = model.room_mut(room.room).expect("invariant: the room was added above");
    known.title = room.title.as_str().to_owned();
    known.topic = room.topic.as_ref().map(|topic| topic.as_str().to_owned());
    known.role = role;
    known.member_count = room.members;
    known.catching_up = false;
}

fn exit(model: &mut Model, exited: &Exited) -> Vec<Intent> {
    let Some(room) = model.room_mut(exited.room) else {
        return Vec::new();
    };
    let told = words::exited(exited, &room.title);
    let unsent = match room.unsent.len() {
        0 => "",
        1 => " A message to it was not sent; it is in the input line.",
        _ => " Messages to it were not sent; they are in the input line.",
    };
    match told.strip_prefix("you ") {
        Some(rest) => hint(model, format!("You {rest}.{unsent}")),
        // A name or a title stays as it is.
        None => hint(model, format!("{told}.{unsent}")),
    }
    let unsent = forget(model, exited.room);
    let mut intents = match (model.here, model.rooms.first().map(|room| room.id)) {
        (None, Some(first)) => go_to(model, first),
        _ => Vec::new(),
    };
    intents.extend(take_back(model, &unsent));
    intents
}

/// Says what one is told of, unless it is before one's eyes already.
fn take_notified(model: &mut Model, told: &Notification) {
    let is_shown = match told.kind {
        // A line in the room says as much.
        NotificationKind::Mentioned
        | NotificationKind::RoleChanged
        | NotificationKind::OwnershipReceived => model.here.is_some() && model.here == told.room,
        NotificationKind::Invited
        | NotificationKind::JoinRequested
        | NotificationKind::Approved
        | NotificationKind::Denied
        | NotificationKind::Added
        | NotificationKind::Kicked
        | NotificationKind::Banned
        | NotificationKind::Unbanned
        | NotificationKind::RoomTerminated
        | NotificationKind::SignUpWaiting
        | NotificationKind::Unknown => false,
    };
    if !is_shown {
        // A question that is no longer seen is no longer open.
        model.armed = None;
        hint(model, words::notice(told, Commands::Slashed));
    }
}

/// Takes a room out, and tells what of it is still in the outbox: it is in the input line now, as is
/// what was being written.
fn forget(model: &mut Model, id: RoomId) -> Vec<LocalId> {
    let Some(place) = model.rooms.iter().position(|room| room.id == id) else {
        return Vec::new();
    };
    let room = model.rooms.remove(place);
    if model.last == Some(id) {
        model.last = None;
    }
    if model.here == Some(id) {
        model.here = None;
    }
    for unsent in &room.unsent {
        if !model.input.is_empty() {
            model.input.insert("\n");
        }
        model.input.insert(&unsent.text);
    }
    room.unsent.iter().map(|unsent| unsent.local).collect()
}

fn take_listed(model: &mut Model, search: &str, rooms: Vec<Listed>, more: More) {
    model.asked = None;
    if let Some(Popup::Directory(directory)) = &mut model.popup
        && directory.search == search
    {
        directory.rooms.extend(rooms);
        directory.more = more;
    }
}

fn take_change(model: &mut Model, id: RoomId, at: Timestamp, change: Change) {
    let shown = model.here == Some(id);
    let me = model.me.clone();
    let Some(room) = model.room_mut(id) else {
        return;
    };
    room.catching_up = false;
    let is_new = What::of(&change).is_some_and(|what| room.timeline.push(at, what));
    match change {
        Change::Message(message) => {
            if is_new && !shown && message.author.as_str() != me {
                room.unread = room.unread.saturating_add(1);
            }
            if !shown {
                room.timeline.keep(HIDDEN_ENTRIES_MAX);
            }
        }
        Change::Joined(member) => {
            let user = member.user.as_str().to_owned();
            room.member_count = room.member_count.saturating_add(1);
            // Members that were never fetched are fetched whole when they are shown.
            if !room.members.is_empty() {
                room.members.retain(|known| known.user != user);
                room.members.push(Member { user, role: member.role });
            }
        }
        Change::Departed(departed) => {
            room.member_count = room.member_count.saturating_sub(1);
            room.members.retain(|known| known.user != departed.user.as_str());
        }
        Change::RoleChanged(changed) => {
            let user = changed.user.as_str();
            if user == me {
                room.role = changed.role;
            }
            for known in room.members.iter_mut().filter(|known| known.user == user) {
                known.role = changed.role;
            }
        }
        Change::TopicChanged(changed) => {
            room.topic = changed.topic.map(|topic| topic.as_str().to_owned());
        }
        Change::Renamed(renamed) => room.title = renamed.title.as_str().to_owned(),
        // There is nothing to keep of these but their line, where there is one.
        Change::Created(_)
        | Change::Terminated
        | Change::SlowModeChanged(_)
        | Change::Withheld
        | Change::Requested(_)
        | Change::RequestEnded(_)
        | Change::Invited(_)
        | Change::InviteEnded(_)
        | Change::Banned(_)
        | Change::Unbanned(_)
        | Change::Unknown => {}
    }
}

/// What a role is called.
pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
        Role::Unknown => "?",
    }
}
