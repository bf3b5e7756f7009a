//! The lines of lists: what they say, what is said where there are none.

use jiff::tz::TimeZone;
use parlor_protocol::entry::{Ended, FormerRoom, Rejoin, RoomState};
use parlor_protocol::id::Timestamp;
use parlor_protocol::room::Entry;
use parlor_protocol::text::{Reason, printable};

use crate::model::{Listing, Model, Room, Row};
use crate::screen::paint;
use crate::theme::Role;
use crate::update::role_word;
use crate::words::{self, Commands};

/// What a list is called.
pub(crate) fn heading(model: &Model, listing: &Listing) -> String {
    let of = |what: &str, room| {
        let title = model.room(room).map_or("a room", |room| &room.title);
        format!(" {what} {title}")
    };
    match listing {
        Listing::Rooms { .. } => " PUBLIC ROOMS".to_owned(),
        Listing::FormerRooms => " YOUR FORMER ROOMS".to_owned(),
        Listing::Requests(room) => of("WHO ASKS TO JOIN", *room),
        Listing::Invites(Some(room)) => of("WHO IS INVITED INTO", *room),
        Listing::Invites(None) => " YOUR INVITES".to_owned(),
        Listing::Bans(room) => of("WHO IS KEPT OUT OF", *room),
        Listing::Members(room) => of("MEMBERS OF", *room),
        Listing::Blocks => " WHOM YOU BLOCK".to_owned(),
        Listing::Devices => " WHERE YOU ARE LOGGED IN".to_owned(),
        Listing::Notifications => " NOTICES".to_owned(),
    }
}

/// What is said in place of the rows where there are none.
pub(crate) fn none(listing: &Listing) -> &'static str {
    match listing {
        Listing::Rooms { .. } => " There is no such room. /create makes one.",
        Listing::FormerRooms => " You have left no room in the last 30 days.",
        Listing::Requests(_) => " Nobody asks to join.",
        Listing::Invites(Some(_)) => " Nobody is invited.",
        Listing::Invites(None) => " You are not invited.",
        Listing::Bans(_) => " Nobody is kept out.",
        Listing::Members(_) => " Nobody is here.",
        Listing::Blocks => " You block nobody.",
        Listing::Devices => " There is no saved login.",
        Listing::Notifications => " There are no notices.",
    }
}

/// A room of one's own with its number, and how much in it is unread.
pub(in crate::screen) fn own_room(room: &Room, place: usize, width: usize) -> String {
    let number = match place {
        0..=8 => (place + 1).to_string(),
        9 => "0".to_owned(),
        _ => " ".to_owned(),
    };
    let unread = match (room.mentions, room.unread) {
        (0, _) if room.muted => "muted".to_owned(),
        (0, 0) => String::new(),
        (0, unread) => unread.to_string(),
        (mentions, _) => format!("@{mentions}"),
    };
    spread(&format!(" {number} {}", printable(&room.title)), &unread, width)
}

/// A former room that one may go back to, and how long ago it became that.
pub(in crate::screen) fn former_room(former: &FormerRoom, now: Timestamp, width: usize) -> String {
    let title = printable(former.title.as_str());
    spread(&format!("   {title}"), &age(now, former.at), width)
}

/// How long ago something was, in few columns.
fn age(now: Timestamp, at: Timestamp) -> String {
    let minutes = (now.0 - at.0).max(0) / 60_000;
    match (minutes / 1_440, minutes / 60) {
        (0, 0) if minutes == 0 => "now".to_owned(),
        (0, 0) => format!("{minutes}m"),
        (0, hours) => format!("{hours}h"),
        (days, _) => format!("{days}d"),
    }
}

/// What an unchosen row is.
pub(super) fn role(row: &Row) -> Role {
    match row {
        Row::Notification(notice) if !notice.read => Role::Unread,
        Row::Notification(_)
        | Row::Room(_)
        | Row::Former(_)
        | Row::Request(_)
        | Row::Invite(_)
        | Row::Ban(_)
        | Row::Member(_)
        | Row::Block(_)
        | Row::Device(_) => Role::Text,
    }
}

/// A row on one line.
pub(super) fn short(row: &Row, width: usize, model: &Model, zone: &TimeZone) -> String {
    let (left, right) = parts(row, model, zone);
    spread(&format!(" {left}"), &right, width)
}

/// A row on as many lines as it takes.
pub(super) fn whole(row: &Row, width: usize, model: &Model, zone: &TimeZone) -> Vec<String> {
    let (left, right) = parts(row, model, zone);
    if paint::columns(&left) + paint::columns(&right) + 4 <= width {
        return vec![spread(&format!(" {left}"), &right, width)];
    }
    let text = if right.is_empty() { left } else { format!("{left}  {right}") };
    let room = width.saturating_sub(2);
    paint::wrap(&text, room, room).into_iter().map(|line| format!(" {line}")).collect()
}

/// What a row says, in one line.
pub(crate) fn words(row: &Row, model: &Model, zone: &TimeZone) -> String {
    let (left, right) = parts(row, model, zone);
    if let Row::Notification(notice) = row {
        // Commands name it by its number, and a mark is not heard.
        let unread = if notice.read { "" } else { "unread, " };
        let left = left.trim_start_matches(['●', ' ']);
        return format!("{}: {unread}{left}", notice.id);
    }
    let left = left.trim_start_matches(['●', '○', ' ']);
    let right: Vec<_> = right.split_whitespace().collect();
    if right.is_empty() { left.to_owned() } else { format!("{left}, {}", right.join(" ")) }
}

/// What a row says: what matters most on the left, details on the right.
fn parts(row: &Row, model: &Model, zone: &TimeZone) -> (String, String) {
    let moment = |at| moment(at, zone);
    let why = |reason: &Option<Reason>| match reason {
        Some(reason) => format!(": {}", reason.as_str()),
        None => String::new(),
    };
    match row {
        Row::Room(room) => {
            let door = match (room.role, room.entry) {
                (Some(_), _) => "yours",
                (None, Entry::Open) => "open",
                (None, Entry::Ask | Entry::Unknown) => "ask",
            };
            (room.title.to_string(), format!("{door}  {:>5}  {}", room.members, room.room))
        }
        Row::Former(room) => former(room, &moment),
        Row::Request(request) => {
            (format!("{}{}", request.user, why(&request.reason)), moment(request.at))
        }
        Row::Invite(invite) if invite.user.as_str() == model.me => (
            format!("{} by {}", invite.title, invite.by),
            format!("{} until {}", invite.room, moment(invite.until)),
        ),
        Row::Invite(invite) => {
            (format!("{} by {}", invite.user, invite.by), format!("until {}", moment(invite.until)))
        }
        Row::Ban(ban) => {
            let until = match ban.until {
                Some(until) => format!("until {}", moment(until)),
                None => "for good".to_owned(),
            };
            (format!("{} by {}{}", ban.user, ban.by, why(&ban.reason)), until)
        }
        Row::Member(member) => {
            let mark = match member.online {
                Some(true) => "● ",
                Some(false) => "○ ",
                None => "",
            };
            let beside = match &member.display_name {
                Some(name) => format!(" ({})", name.as_str()),
                None => String::new(),
            };
            (format!("{mark}{}{beside}", member.user), role_word(member.role).to_owned())
        }
        Row::Block(blocked) => (blocked.user.to_string(), format!("since {}", moment(blocked.at))),
        Row::Device(device) => {
            let now = if device.current { "this one" } else { "" };
            let used = moment(device.used_at);
            (format!("{} {}", device.name, now), format!("{used} from {}", device.address))
        }
        Row::Notification(notice) => {
            let mark = if notice.read { " " } else { "●" };
            let text = words::notice(notice, Commands::Slashed);
            (format!("{mark} {} {text}", moment(notice.at)), String::new())
        }
    }
}

/// What a room of the past says: how it ended, when, and how to come back.
fn former(room: &FormerRoom, moment: &dyn Fn(Timestamp) -> String) -> (String, String) {
    // The moment is that of one's own end in it, which may be before the room's.
    let how = match room.ended {
        Ended::Terminated => "it has ended",
        Ended::Left => "you left",
        Ended::Kicked => "you were kicked",
        Ended::Banned => "you were banned",
        Ended::Denied => "you were denied",
        Ended::InviteExpired => "your invite expired",
        Ended::Unknown => "you are not in it",
    };
    let again = match (room.rejoin, room.state) {
        (Rejoin::Now, _) => "rejoin",
        (Rejoin::Request, _) => "ask to rejoin",
        (Rejoin::Invite, _) => "needs an invite",
        (Rejoin::No | Rejoin::Unknown, RoomState::Terminated)
            if room.ended != Ended::Terminated =>
        {
            "has ended"
        }
        (Rejoin::No | Rejoin::Unknown, _) => "over for good",
    };
    (room.title.to_string(), format!("{how} {}  {again}", moment(room.at)))
}

/// Two texts at both ends of a line. The left one gives way.
fn spread(left: &str, right: &str, width: usize) -> String {
    let right = paint::clipped(right, width / 2);
    let end = if right.is_empty() { 0 } else { paint::columns(&right) + 1 };
    let left = paint::clipped(left, width.saturating_sub(end + usize::from(end > 0)));
    let gap = width.saturating_sub(paint::columns(&left) + end);
    format!("{left}{}{right}", " ".repeat(gap))
}

/// A day and a time in few columns.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(zone.clone()).strftime("%-d %b %H:%M").to_string()
}
