//! The one place where the model changes: a message comes in, intents go out, nothing else happens.

mod alert;
mod answers;
mod asking;
mod complete;
mod copy;
mod door;
mod edit;
mod form;
mod homeless;
mod keys;
mod mute;
mod news;
mod offers;
mod paste;
mod pointing;
mod popups;
mod reading;
mod recall;
mod reload;
mod sending;
mod slash;
mod telling;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use parlor_protocol::id::{NotificationId, RoomId, Seq, Timestamp};
use parlor_protocol::message::{Message, MessageKind};
use parlor_protocol::notification::Notification;
use parlor_protocol::push::{Change, Exited};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{self, ReadMarker};

use self::asking::{ask, ask_page, name_ask};
pub(crate) use self::door::PINNED;
pub(crate) use self::edit::Edited;
pub(crate) use self::news::role_word;
pub(crate) use self::offers::offers;
pub(crate) use self::paste::line_count;
pub(crate) use self::pointing::Pointed;
pub(crate) use self::popups::{matching, matching_former};
pub(crate) use self::reading::is_in_sight;
use self::reading::seen;
pub(crate) use self::reload::Reloaded;
pub(crate) use self::slash::COMMANDS;
use self::telling::{NOT_CONNECTED, error, hint};
use crate::keymap::Action;
use crate::model::{
    Answered, AskId, Before, Deed, ENTRIES_MAX, Fit, Focus, Jump, KEEP_EVERY_MS, Keep, Link,
    Listing, LocalId, Member, Model, More, Mouse, Prompt, Restored, Row, Secret,
};

/// Everything that may change the model.
#[derive(Debug, Clone)]
pub(crate) enum Msg {
    /// It is now that late.
    Tick(Timestamp),
    /// A key was pressed that does something.
    Act(Action),
    /// A character was typed.
    Type(char),
    /// Something was clicked at.
    Point(Pointed),
    /// So many entries on, or back, in what lies over the conversation: as many as are seen of it.
    Page(isize),
    /// Text was pasted, as one piece.
    Paste(String),
    /// The user came to the terminal, or went elsewhere.
    Focus(Focus),
    /// The user's editor has ended.
    Edited(Edited),
    /// The configuration file was read anew.
    Reloaded(Reloaded),
    /// The beginning of what is known of a room was scrolled to.
    ReachedTop(RoomId),
    /// A room was seen up to this message.
    Seen(RoomId, Seq),
    /// The network has something.
    News(News),
    /// The program ends.
    End,
}

/// What happens on the way in.
#[derive(Debug, Clone)]
pub(crate) enum AtDoor {
    /// The server's key is known by now: it was checked, or its user has said that it is right.
    Trusted,
    /// Something is said.
    Said(String),
    /// Something is asked.
    Asked(Prompt),
    /// One is in: this is what was kept from the last time.
    Opened(Box<Restored>),
}

/// What comes from the network.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// The connection is doing otherwise.
    Link(Link),
    /// These are one's rooms, all of them.
    Rooms(Vec<room::Room>),
    /// Something happens on the way in.
    Door(AtDoor),
    /// One has entered a room.
    Entered(room::Room),
    /// One is no longer in a room.
    Exited(Exited),
    /// One is told of something.
    Notified(Notification),
    /// Notifications are read, on some device: this one, or all.
    NoticesRead(Option<NotificationId>),
    /// Notifications are gone, on some device: this one, or all.
    NoticesDismissed(Option<NotificationId>),
    /// Members of a room are to be shown otherwise.
    Present(room::Present),
    /// These are the users whom one blocks, all of them.
    Blocks(BTreeSet<String>),
    /// One blocks a user from now on, on all devices.
    Blocked(String),
    /// One blocks a user no longer.
    Unblocked(String),
    /// The server says something to everybody: its message of the day, or an operator's words.
    Said(String),
    /// One has read on in a room, on some device.
    Read(ReadMarker),
    /// Something happened in a room.
    Changed {
        /// In which.
        room: RoomId,
        /// When.
        at: Timestamp,
        /// What.
        change: Change,
    },
    /// What was missed in a room is being fetched. It is complete when the list of one's rooms
    /// comes, or the next change.
    CatchingUp(RoomId),
    /// What follows in a room does not join on to what is known of it.
    Gap(RoomId),
    /// An older page of a room's messages, as was asked.
    Older {
        /// Of which room.
        room: RoomId,
        /// The messages, oldest first.
        messages: Vec<Message>,
        /// Whether there is more before them.
        before: Before,
    },
    /// The members of a room, as was asked.
    Members {
        /// Of which room.
        room: RoomId,
        /// The first of them, in join order.
        members: Vec<Member>,
    },
    /// A page of a list, as was asked.
    Page {
        /// The list it belongs to.
        listing: Listing,
        /// Where it begins; `None` for the first.
        after: Option<String>,
        /// Its rows.
        rows: Vec<Row>,
        /// Whether there are more.
        more: More,
    },
    /// A page of a list was refused, for this reason.
    NoPage {
        /// The list it belongs to.
        listing: Listing,
        /// Why, in a sentence.
        why: String,
    },
    /// A message of one's own is on this machine's disk.
    Queued {
        /// In which room.
        room: RoomId,
        /// Which.
        local: LocalId,
    },
    /// A message of one's own is to wait, and is then sent again.
    Held {
        /// In which room.
        room: RoomId,
        /// Which.
        local: LocalId,
        /// Until when.
        until: Timestamp,
    },
    /// A message of one's own is on the server's disk.
    Acknowledged {
        /// In which room.
        room: RoomId,
        /// Which.
        local: LocalId,
    },
    /// A message of one's own was refused.
    Refused {
        /// In which room.
        room: RoomId,
        /// Which.
        local: LocalId,
        /// Why, in a sentence.
        why: String,
    },
    /// What was asked is done.
    Done(AskId),
    /// What was asked is not done.
    Failed {
        /// What.
        id: AskId,
        /// Why, as a code where the server refused it.
        code: Option<Code>,
        /// Why, in a sentence.
        why: String,
    },
    /// Something is wrong that nobody asked about.
    Warning(String),
    /// There is nothing more to show: why is said in plain words.
    Leave,
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Intent {
    /// End the program.
    Quit,
    /// Go back to the shell until it brings us back.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Put this into the terminal's clipboard.
    Copy(String),
    /// Take the mouse, or leave it to the terminal.
    Mouse(Mouse),
    /// Show these lines and nothing else until a key is pressed.
    Bare(Vec<String>),
    /// Read the configuration file anew.
    Reload,
    /// Call the user's attention to this.
    Call(String),
    /// Let the user edit a text in their editor.
    Edit {
        /// The room it is for.
        room: Option<RoomId>,
        /// The text as it is.
        text: String,
    },
    /// Ask the server.
    Ask(Ask),
}

/// What is asked of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To take a message; repeated until it is answered.
    Send {
        /// Into which room.
        room: RoomId,
        /// The message's name here.
        local: LocalId,
        /// What it says.
        text: String,
        /// Whether that is said or done.
        kind: MessageKind,
    },
    /// Nothing of the server, but to forget a message that was refused or has no room any more.
    Discard {
        /// Which.
        local: LocalId,
    },
    /// Nothing of the server, but to answer what was asked on the way in.
    Answer(Answered),
    /// Nothing of the server, but to keep this for the next start.
    Keep(Keep),
    /// Whether the connection is alive, and otherwise a new one at once: the user is there.
    Wake,
    /// For the messages before a place.
    Older {
        /// Of which room.
        room: RoomId,
        /// The place; `None` for the room's last.
        before: Option<Seq>,
    },
    /// For the members of a room, and to be told from then on how they are to be shown.
    Members {
        /// Of which.
        room: RoomId,
    },
    /// For a page of a list.
    Page {
        /// Of which.
        listing: Listing,
        /// Where the page begins; `None` for the first.
        after: Option<String>,
    },
    /// To note that one has read a room up to a message.
    Read {
        /// Which room.
        room: RoomId,
        /// Up to which message.
        seq: Seq,
    },
    /// For another password, which ends the logins of one's other devices.
    Passwd {
        /// By what name its answer comes.
        id: AskId,
        /// The password that counts.
        old: Secret,
        /// The one that is to count.
        new: Secret,
    },
    /// To note that one has read these notifications, by having read what they are about.
    ReadNotices(Vec<NotificationId>),
    /// To do something.
    Do {
        /// By what name its answer comes.
        id: AskId,
        /// What.
        deed: Box<Deed>,
    },
}

/// Takes a message in and tells what follows from it.
pub(crate) fn update(model: &mut Model, msg: Msg) -> Vec<Intent> {
    if matches!(msg, Msg::Act(_) | Msg::Type(_) | Msg::Point(_) | Msg::Page(_) | Msg::Paste(_)) {
        model.touched_at = model.now;
    }
    let cause = telling::Cause::of(&msg);
    let told = model.told.count;
    let intents = take(model, msg);
    telling::settle(model, cause, told);
    intents
}

fn take(model: &mut Model, msg: Msg) -> Vec<Intent> {
    match msg {
        Msg::Tick(now) => {
            model.now = now;
            // A clock that was set back must not put it off.
            model.keep_at.0 = model.keep_at.0.min(now.0 + KEEP_EVERY_MS);
            if now < model.keep_at { Vec::new() } else { keep(model) }
        }
        Msg::End => keep(model),
        Msg::Act(action) => match door::act(model, action) {
            Some(intents) => intents,
            None => keys::act(model, action),
        },
        Msg::Type(c) => {
            let mut bytes = [0; 4];
            let typed = c.encode_utf8(&mut bytes);
            if let Some(intents) = door::insert(model, typed) {
                return intents;
            }
            if let Some(intents) = paste::type_in(model, c) {
                return intents;
            }
            if recall::type_in(model, c) {
                return Vec::new();
            }
            insert(model, typed)
        }
        Msg::Point(pointed) => pointing::at(model, pointed),
        Msg::Page(by) => popups::go_by(model, by).unwrap_or_default(),
        Msg::Focus(focus) => {
            model.focus = Some(focus);
            Vec::new()
        }
        Msg::Edited(edited) => {
            edit::take(model, edited);
            Vec::new()
        }
        Msg::Reloaded(reloaded) => reload::take(model, reloaded),
        Msg::Paste(text) => match door::insert(model, &text) {
            Some(intents) => intents,
            None => paste::take(model, &text),
        },
        Msg::ReachedTop(room) => older(model, room),
        Msg::Seen(room, seq) => seen(model, room, seq),
        Msg::News(news) => news::take(model, news),
    }
}

fn insert(model: &mut Model, text: &str) -> Vec<Intent> {
    model.armed = None;
    if let Some(intents) = popups::insert(model, text) {
        return intents;
    }
    write(model, text);
    Vec::new()
}

/// Puts text into the input line.
fn write(model: &mut Model, text: &str) {
    model.seeking = None;
    let fit = model.input.insert(text);
    check(model, fit);
}

/// Says so where the input line had no room for all.
fn check(model: &mut Model, fit: Fit) {
    if fit == Fit::Cut {
        error(model, "The input line is full; the rest was not taken.");
    }
}

/// Shows a room: what is written in the other one stays there.
fn go_to(model: &mut Model, id: RoomId) -> Vec<Intent> {
    if model.here == Some(id) || model.room_mut(id).is_none() {
        return Vec::new();
    }
    model.seeking = None;
    let written = std::mem::take(&mut model.input);
    match model.here {
        Some(here) => {
            if let Some(room) = model.room_mut(here) {
                room.draft = written;
            }
            model.input = Default::default();
            model.last = Some(here);
        }
        None => model.input = written,
    }
    model.here = Some(id);
    model.keep_at = model.now;
    let room = model.room_mut(id).expect("invariant: the room was found above");
    room.fresh = (room.unread > 0).then(|| (room.read.next(), room.unread));
    let draft = std::mem::take(&mut room.draft);
    if model.input.is_empty() {
        model.input = draft;
    } else if !draft.is_empty() {
        // What was not sent into a room that is gone is there already.
        model.input.insert("\n");
        model.input.insert(draft.text());
    }
    look_up(model, id)
}

/// Hands over what is to be kept, where that is not what is kept already.
fn keep(model: &mut Model) -> Vec<Intent> {
    if model.is_kept() {
        return Vec::new();
    }
    model.keep_at = Timestamp(model.now.0 + KEEP_EVERY_MS);
    model.kept = model.keep();
    vec![Intent::Ask(Ask::Keep(model.kept.clone()))]
}

/// Takes messages out of the outbox that are elsewhere now, and kept there before.
fn take_back(model: &mut Model, messages: &[LocalId]) -> Vec<Intent> {
    if messages.is_empty() {
        return Vec::new();
    }
    let mut intents = keep(model);
    intents.extend(messages.iter().map(|local| Intent::Ask(Ask::Discard { local: *local })));
    intents
}

/// Asks for what a room needs to be shown, as far as it is not known.
fn look_up(model: &mut Model, id: RoomId) -> Vec<Intent> {
    let mut intents = older(model, id);
    // Also where they are known: who came and went is told of the room that is shown alone.
    intents.push(Intent::Ask(Ask::Members { room: id }));
    intents
}

/// Asks for the page before what is known of a room.
fn older(model: &mut Model, id: RoomId) -> Vec<Intent> {
    let Some(room) = model.room_mut(id) else {
        return Vec::new();
    };
    if room.timeline.before() != Before::Unknown || room.timeline.entries().len() >= ENTRIES_MAX {
        return Vec::new();
    }
    room.timeline.set_before(Before::Asked);
    vec![Intent::Ask(Ask::Older { room: id, before: room.timeline.first_seq() })]
}

/// Shows a message of a room, as soon as it is known.
fn jump_to(model: &mut Model, room: RoomId, to: Seq) -> Vec<Intent> {
    let number = model.jump.map_or(0, |jump| jump.number + 1);
    model.jump = Some(Jump { number, room, to });
    older(model, room)
}
