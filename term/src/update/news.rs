//! What comes from the network does to the model.

use std::collections::BTreeSet;

use parlor_protocol::id::{NotificationId, RoomId, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::push::{Change, Exited};
use parlor_protocol::record::Record;
use parlor_protocol::room::{self, Departure, Present, ReadMarker, Role};
use parlor_protocol::text::mentions;

use super::homeless::Left;
use super::reading::{is_in_sight, read_mentions, unseen};
use super::{
    Intent, NOT_CONNECTED, News, alert, answers, ask_page, complete, door, error, go_to, hint,
    homeless, look_up, popups, sending, take_back,
};
use crate::model::{
    Before, HIDDEN_ENTRIES_MAX, Link, Listing, Member, Model, NOTICES_MAX, Notice, Room, Said,
    SendState, What,
};
use crate::words::{self, Commands};

pub(super) fn take(model: &mut Model, news: News) -> Vec<Intent> {
    match news {
        News::Link(link) => take_link(model, link),
        News::Rooms(rooms) => return take_rooms(model, &rooms),
        News::Door(news) => door::take(model, news),
        News::Entered(room) => {
            take_room(model, &room);
            model.former.retain(|former| former.room != room.room);
            // What another device entered does not take one away from where one is.
            let asked = model.asked.iter().any(|asked| asked.enters);
            if asked {
                popups::close_all(model);
            }
            if asked || model.here.is_none() {
                return go_to(model, room.room);
            }
        }
        News::Exited(exited) => return exit(model, &exited),
        News::CatchingUp(room) => catch_up(model, room),
        News::Notified(told) => return take_notified(model, told),
        News::Said(text) => {
            // A question that is no longer seen is no longer open.
            model.armed = None;
            hint(model, text);
        }
        News::NoticesRead(id) => return take_notices_read(model, id),
        News::NoticesDismissed(id) => {
            model.notices.retain(|notice| id.is_some_and(|id| id != notice.id));
            return answers::refresh(model, &Listing::Notifications);
        }
        News::Present(present) => take_present(model, present),
        News::Blocks(blocked) => return take_blocks(model, blocked),
        News::Blocked(user) => {
            let blocked = model.blocked.iter().cloned().chain([user]).collect();
            return take_blocks(model, blocked);
        }
        News::Unblocked(user) => {
            let blocked = model.blocked.iter().filter(|other| **other != user).cloned().collect();
            return take_blocks(model, blocked);
        }
        News::Read(marker) => return take_read(model, &marker),
        News::Changed { room, at, change } => return take_change(model, room, at, change),
        News::Gap(id) => {
            if let Some(room) = model.room_mut(id) {
                room.timeline.clear();
                room.catching_up = false;
                room.members.clear();
            }
            return if model.here == Some(id) { look_up(model, id) } else { Vec::new() };
        }
        News::Older { room, messages, before } => take_older(model, room, &messages, before),
        News::Members { room, members } => {
            if let Some(room) = model.room_mut(room) {
                room.members = members;
            }
        }
        News::Queued { room, local } => return sending::queued(model, room, local),
        News::Held { room, local, until } => sending::held(model, room, local, until),
        News::Page { listing, after, rows, more } => {
            complete::hear_page(model, &rows);
            return answers::page(model, &listing, after.as_deref(), rows, more);
        }
        News::NoPage { listing, why } => answers::no_page(model, &listing, why),
        News::Acknowledged { room, local } => sending::acknowledged(model, room, local),
        News::Refused { room, local, why } => sending::refused(model, room, local, why),
        News::Done(id) => return answers::done(model, id),
        News::Failed { id, code, why } => answers::failed(model, id, code, why),
        News::Warning(why) => error(model, why),
        News::Leave => return vec![Intent::Quit],
    }
    Vec::new()
}

fn take_notices_read(model: &mut Model, id: Option<NotificationId>) -> Vec<Intent> {
    for notice in &mut model.notices {
        notice.read |= id.is_none_or(|id| id == notice.id);
    }
    answers::refresh(model, &Listing::Notifications)
}

fn catch_up(model: &mut Model, room: RoomId) {
    if let Some(room) = model.room_mut(room) {
        room.catching_up = true;
    }
}

fn take_older(model: &mut Model, room: RoomId, messages: &[Message], before: Before) {
    if let Some(room) = model.rooms.iter_mut().find(|known| known.id == room) {
        let page = messages.iter().map(|message| (message.at, Said::from(message))).collect();
        room.timeline.prepend(page, before, &model.blocked);
    }
}

fn take_present(model: &mut Model, present: Present) {
    let Some(room) = model.room_mut(present.room) else { return };
    for Record(shown) in present.members {
        let known = room.members.iter_mut().find(|known| known.user == shown.user.as_str());
        if let Some(known) = known {
            known.online = shown.online;
            known.display_name = shown.display_name.map(|name| name.to_string());
        }
    }
}

/// Takes the list of those whom one blocks: what they said goes. What others said who are no longer
/// blocked is fetched again with all else, for it was not kept.
fn take_blocks(model: &mut Model, blocked: BTreeSet<String>) -> Vec<Intent> {
    let before = std::mem::replace(&mut model.blocked, blocked);
    let shown_again = before.difference(&model.blocked).next().is_some();
    for room in &mut model.rooms {
        if shown_again {
            room.timeline.clear();
        }
        for hidden in model.blocked.difference(&before) {
            room.timeline.hide(hidden);
        }
    }
    match model.here {
        Some(here) if shown_again => look_up(model, here),
        Some(_) | None => Vec::new(),
    }
}

fn take_read(model: &mut Model, marker: &ReadMarker) -> Vec<Intent> {
    if let Some(room) = model.room_mut(marker.room) {
        room.read = room.read.max(marker.seq);
        room.unread = room.unread.min(u32::try_from(marker.unread).unwrap_or(u32::MAX));
        room.mentions = room.mentions.min(marker.mentions);
    }
    read_mentions(model)
}

fn take_link(model: &mut Model, link: Link) {
    let was_online = matches!(model.link, Link::Online { .. });
    let online = matches!(link, Link::Online { .. });
    model.link = link;
    if was_online && online {
        return;
    }
    if online && model.notice == Some(Notice::Error(NOT_CONNECTED.to_owned())) {
        model.notice = None;
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
    answers::lost(model);
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
        let title = model.room(id).map_or_else(String::new, |room| room.title.clone());
        let left = homeless::forget(model, id);
        if left.texts > 0 || left.closed > 0 {
            let word = homeless::word(model, left.texts);
            hint(model, format!("You are no longer in {title}.{word}"));
        }
        unsent.extend(left.unsent);
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
    intents.push(ask_page(Listing::Notifications, None));
    intents.push(ask_page(Listing::FormerRooms, None));
    intents.extend(answers::fetch_again(model));
    intents.extend(take_back(model, &unsent));
    intents
}

fn take_room(model: &mut Model, room: &room::Room) {
    let role = room.role.unwrap_or(Role::Member);
    model.left = model.left.filter(|left| *left != room.room);
    if model.room_mut(room.room).is_none() {
        model.rooms.push(Room::new(room.room, room.title.as_str(), role));
    }
    let known = model.room_mut(room.room).expect("invariant: the room was added above");
    known.title = room.title.as_str().to_owned();
    known.topic = room.topic.as_ref().map(|topic| topic.as_str().to_owned());
    known.role = role;
    known.member_count = room.members;
    known.catching_up = false;
    known.read = known.read.max(room.read.unwrap_or_default());
    let unread = room.unread.unwrap_or_default();
    known.unread = u32::try_from(unread).unwrap_or(u32::MAX);
    known.mentions = room.mentions.unwrap_or_default();
}

fn exit(model: &mut Model, exited: &Exited) -> Vec<Intent> {
    let Some(room) = model.room_mut(exited.room) else {
        return Vec::new();
    };
    let told = words::exited(exited, &room.title);
    model.left = Some(exited.room);
    let Left { unsent, texts, closed: _ } = homeless::forget(model, exited.room);
    let word = homeless::word(model, texts);
    match told.strip_prefix("you ") {
        Some(rest) => hint(model, format!("You {rest}.{word}")),
        // A name or a title stays as it is.
        None => hint(model, format!("{told}.{word}")),
    }
    let mut intents = match (model.here, model.rooms.first().map(|room| room.id)) {
        (None, Some(first)) => go_to(model, first),
        _ => Vec::new(),
    };
    intents.push(ask_page(Listing::FormerRooms, None));
    intents.extend(take_back(model, &unsent));
    intents
}

/// Says what one is told of, unless it is before one's eyes already.
fn take_notified(model: &mut Model, told: Notification) -> Vec<Intent> {
    complete::hear_invite(model, &told);
    let mut intents = alert::call(model, &told);
    let is_shown = match told.kind {
        // A line in the room says as much.
        NotificationKind::Mentioned
        | NotificationKind::RoleChanged
        | NotificationKind::OwnershipReceived => model.here.is_some() && model.here == told.room,
        // So does what was said as one was taken out, and where one finds what one was writing.
        NotificationKind::Kicked | NotificationKind::Banned | NotificationKind::RoomTerminated => {
            model.left.is_some() && model.left == told.room
        }
        NotificationKind::Invited
        | NotificationKind::JoinRequested
        | NotificationKind::Approved
        | NotificationKind::Denied
        | NotificationKind::Added
        | NotificationKind::Unbanned
        | NotificationKind::SignUpWaiting
        | NotificationKind::Unknown => false,
    };
    if !is_shown {
        // A question that is no longer seen is no longer open.
        model.armed = None;
        hint(model, words::notice(&told, Commands::Slashed));
        model.told.about = Some(told.id);
    }
    // By these a former room can be gone back to, or no more.
    let opens_or_closes = matches!(
        told.kind,
        NotificationKind::Denied
            | NotificationKind::Banned
            | NotificationKind::Unbanned
            | NotificationKind::RoomTerminated
    );
    model.notices.insert(0, told);
    model.notices.truncate(NOTICES_MAX);
    intents.extend(read_mentions(model));
    intents.extend(answers::refresh(model, &Listing::Notifications));
    if opens_or_closes {
        intents.push(ask_page(Listing::FormerRooms, None));
    }
    intents
}

fn take_change(model: &mut Model, id: RoomId, at: Timestamp, change: Change) -> Vec<Intent> {
    let shown = model.here == Some(id);
    let in_sight = is_in_sight(model);
    let me = model.me.clone();
    let stale = stale_listings(id, &change);
    let Some(room) = model.rooms.iter_mut().find(|room| room.id == id) else {
        return Vec::new();
    };
    room.catching_up = false;
    let is_hidden = matches!(&change, Change::Message(message)
        if model.blocked.contains(message.author.as_str()));
    let what = What::of(&change).filter(|_| !is_hidden);
    let is_new = what.is_some_and(|what| room.timeline.push(at, what));
    match change {
        Change::Message(message) if model.blocked.contains(message.author.as_str()) => {
            room.timeline.pass(message.seq);
        }
        Change::Message(message) => {
            let mentioned = mentions(message.text.as_str()).any(|name| name.as_str() == me);
            if is_new && message.author.as_str() != me {
                room.unread = room.unread.saturating_add(1);
                room.mentions = room.mentions.saturating_add(u32::from(mentioned));
                if shown && !in_sight {
                    unseen(room, message.seq);
                }
            }
            if !shown {
                room.timeline.keep(HIDDEN_ENTRIES_MAX);
            }
        }
        Change::Joined(member) => take_joined(room, &member, &me),
        Change::Departed(departed) => {
            room.member_count = room.member_count.saturating_sub(1);
            room.members.retain(|known| known.user != departed.user.as_str());
            if departed.how == Departure::Removed {
                room.timeline.mark_removed(departed.user.as_str());
            }
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
    stale.iter().flat_map(|listing| answers::refresh(model, listing)).collect()
}

fn take_joined(room: &mut Room, member: &room::Member, me: &str) {
    let user = member.user.as_str();
    // Oneself is in the number with which the room was entered.
    if user != me {
        room.member_count = room.member_count.saturating_add(1);
    }
    // Members that were never fetched are fetched whole when they are shown.
    if !room.members.is_empty() {
        room.members.retain(|known| known.user != user);
        let (user, online, display_name) = (user.to_owned(), None, None);
        room.members.push(Member { user, role: member.role, online, display_name });
    }
}

/// The lists that a change in a room makes untrue.
fn stale_listings(room: RoomId, change: &Change) -> Vec<Listing> {
    match change {
        Change::Requested(_) | Change::RequestEnded(_) => vec![Listing::Requests(room)],
        Change::Invited(_) | Change::InviteEnded(_) => vec![Listing::Invites(Some(room))],
        Change::Banned(_) | Change::Unbanned(_) => vec![Listing::Bans(room)],
        Change::RoleChanged(_) | Change::Departed(_) => vec![Listing::Members(room)],
        // Who comes in may have asked or have been invited.
        Change::Joined(_) => {
            vec![Listing::Members(room), Listing::Requests(room), Listing::Invites(Some(room))]
        }
        Change::Message(_)
        | Change::Created(_)
        | Change::Terminated
        | Change::TopicChanged(_)
        | Change::Renamed(_)
        | Change::SlowModeChanged(_)
        | Change::Withheld
        | Change::Unknown => Vec::new(),
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
