//! What comes from the network does to the model.

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::push::Change;
use parlor_protocol::room::{self, Departure, Role};

use super::{Intent, News, error, go_to, hint, look_up};
use crate::model::{
    Before, HIDDEN_ENTRIES_MAX, Link, Listed, Member, Model, More, Popup, Room, Said, SendState,
    What,
};

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
        News::Exited { room, how } => return exit(model, room, how),
        News::Changed { room, at, change } => take_change(model, room, at, change),
        News::Gap(id) => {
            if let Some(room) = model.room_mut(id) {
                room.timeline.clear();
                room.members.clear();
            }
            return if model.here == Some(id) { look_up(model, id) } else { Vec::new() };
        }
        News::Older { room, messages, before } => {
            if let Some(room) = model.room_mut(room) {
                let page = messages.into_iter().map(|message| {
                    let text = message.text.as_str().to_owned();
                    let author = message.author.as_str().to_owned();
                    (message.at, Said { seq: message.seq, author, text })
                });
                room.timeline.prepend(page.collect(), before);
            }
        }
        News::Members { room, members } => {
            if let Some(room) = model.room_mut(room) {
                room.members = members;
            }
        }
        News::Listed { search, rooms, more } => take_listed(model, &search, rooms, more),
        News::Acknowledged { room, local } => {
            if let Some(room) = model.room_mut(room) {
                room.unsent.retain(|unsent| unsent.local != local);
            }
        }
        News::Refused { room, local, why } => {
            let unsent = model
                .room_mut(room)
                .and_then(|room| room.unsent.iter_mut().find(|unsent| unsent.local == local));
            if let Some(unsent) = unsent {
                unsent.state = SendState::Refused(why.clone());
                error(model, format!("Not sent: {why} Up takes it back into an empty input."));
            }
        }
        News::Done => model.asked = None,
        News::Failed(why) => {
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
    }
    Vec::new()
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
        if room.timeline.before() == Before::Asked {
            room.timeline.set_before(Before::Unknown);
        }
    }
    if model.asked.is_some() {
        let lost = "The connection was lost before the server answered.".to_owned();
        take(model, News::Failed(lost));
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
    for id in gone {
        forget(model, id);
    }
    let mut rooms: Vec<_> = rooms.iter().collect();
    // Rooms that are there already keep their numbers; the new ones follow by title.
    rooms.sort_by_key(|room| room.title.as_str().to_lowercase());
    for room in rooms {
        take_room(model, room);
    }
    match (model.here, model.rooms.first().map(|room| room.id)) {
        (Some(here), _) => look_up(model, here),
        (None, Some(first)) => go_to(model, first),
        (None, None) => Vec::new(),
    }
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
}

fn exit(model: &mut Model, id: RoomId, how: Departure) -> Vec<Intent> {
    let Some(room) = model.room_mut(id) else {
        return Vec::new();
    };
    let title = room.title.clone();
    match how {
        Departure::Left => hint(model, format!("You left {title}.")),
        Departure::Terminated => hint(model, format!("{title} has ended for good.")),
        Departure::Unknown => hint(model, format!("You are no longer in {title}.")),
    }
    forget(model, id);
    match (model.here, model.rooms.first().map(|room| room.id)) {
        (None, Some(first)) => go_to(model, first),
        _ => Vec::new(),
    }
}

/// Takes a room out. What was being written or had not been sent is kept in the input line.
fn forget(model: &mut Model, id: RoomId) {
    let Some(place) = model.rooms.iter().position(|room| room.id == id) else {
        return;
    };
    let room = model.rooms.remove(place);
    if model.last == Some(id) {
        model.last = None;
    }
    if model.here == Some(id) {
        model.here = None;
    }
    for unsent in room.unsent {
        if !model.input.is_empty() {
            model.input.insert("\n");
        }
        model.input.insert(&unsent.text);
    }
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
    let happened = match change {
        Change::Message(message) => {
            let author = message.author.as_str().to_owned();
            let text = message.text.as_str().to_owned();
            let own = author == me;
            let said = Said { seq: message.seq, author, text };
            if room.timeline.push(message.at, What::Said(said)) && !shown && !own {
                room.unread = room.unread.saturating_add(1);
            }
            if !shown {
                room.timeline.keep(HIDDEN_ENTRIES_MAX);
            }
            return;
        }
        Change::Created(user) => format!("{} made this room", user.as_str()),
        Change::Joined(member) => {
            let user = member.user.as_str().to_owned();
            room.member_count = room.member_count.saturating_add(1);
            let text = format!("{user} joined");
            // Members that were never fetched are fetched whole when they are shown.
            if !room.members.is_empty() {
                room.members.retain(|known| known.user != user);
                room.members.push(Member { user, role: member.role });
            }
            text
        }
        Change::Departed(departed) => {
            let user = departed.user.as_str();
            room.member_count = room.member_count.saturating_sub(1);
            room.members.retain(|known| known.user != user);
            format!("{user} left")
        }
        Change::RoleChanged(changed) => {
            let user = changed.user.as_str();
            if user == me {
                room.role = changed.role;
            }
            for known in room.members.iter_mut().filter(|known| known.user == user) {
                known.role = changed.role;
            }
            format!("{user} is now {}", role_word(changed.role))
        }
        Change::Terminated => "the room has ended for good".to_owned(),
        Change::TopicChanged(changed) => {
            let by = changed.by.as_str();
            room.topic = changed.topic.map(|topic| topic.as_str().to_owned());
            match &room.topic {
                Some(topic) => format!("{by} set the topic: {topic}"),
                None => format!("{by} cleared the topic"),
            }
        }
        Change::Renamed(renamed) => {
            room.title = renamed.title.as_str().to_owned();
            format!("{} renamed the room: {}", renamed.by.as_str(), room.title)
        }
        Change::Unknown => {
            "something happened that this version of parlor does not know".to_owned()
        }
    };
    room.timeline.push(at, What::Happened(happened));
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
