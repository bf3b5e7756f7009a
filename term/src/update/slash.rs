//! The commands that begin with a slash.

use parlor_protocol::id::RoomId;
use parlor_protocol::room::{Entry, Role, Visibility};

use super::{Ask, Intent, error, go_to, hint, keys};
use crate::model::{Armed, Directory, Link, Model, More, Popup, Room};

/// A command: what it is called, what follows it, what it does, and how.
pub(crate) struct Command {
    /// Its name, with the slash.
    pub(crate) name: &'static str,
    /// What follows it.
    pub(crate) takes: &'static str,
    /// What it does, for the help.
    pub(crate) help: &'static str,
    run: fn(&mut Model, &str) -> Vec<Intent>,
}

/// Every command.
pub(crate) const COMMANDS: &[Command] = &[
    Command { name: "/join", takes: "ROOM", help: "enter a room by title or ID", run: join },
    Command {
        name: "/create",
        takes: "TITLE",
        help: "make a room; with --open or --private before its title",
        run: create,
    },
    Command { name: "/leave", takes: "[ROOM]", help: "leave this room or that one", run: leave },
    Command { name: "/rooms", takes: "[TEXT]", help: "list the public rooms", run: list },
    Command { name: "/topic", takes: "[TEXT]", help: "set the topic, or clear it", run: topic },
    Command { name: "/rename", takes: "TITLE", help: "give this room a title", run: rename },
    Command { name: "/promote", takes: "USER", help: "make a member an admin", run: promote },
    Command { name: "/demote", takes: "USER", help: "make an admin a member", run: demote },
    Command { name: "/transfer", takes: "USER", help: "hand this room over", run: transfer },
    Command { name: "/help", takes: "", help: "show the keys and commands", run: help },
    Command { name: "/quit", takes: "", help: "quit", run: quit },
];

/// Runs what was typed behind the slash. The input is emptied only where something was done.
pub(super) fn run(model: &mut Model, typed: &str) -> Vec<Intent> {
    let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let known = COMMANDS.iter().find(|command| command.name[1..] == *name);
    let Some(command) = known else {
        model.armed = None;
        let text = "There is no such command; /help shows them. // begins a message with a slash.";
        error(model, text);
        return Vec::new();
    };
    (command.run)(model, rest.trim())
}

pub(super) fn join(model: &mut Model, room: &str) -> Vec<Intent> {
    if room.is_empty() {
        error(model, "/join needs a room's title or ID; /rooms lists the public ones.");
        return Vec::new();
    }
    if let Some(id) = own_room(model, room).map(|room| room.id) {
        model.input.take();
        return go_to(model, id);
    }
    ask(model, Ask::Join { room: room.to_owned() })
}

/// The room of one's own that is meant by a title or an ID.
fn own_room<'a>(model: &'a Model, named: &str) -> Option<&'a Room> {
    let id = named.parse::<RoomId>().ok();
    let folded = named.to_lowercase();
    let by_title = model.rooms.iter().find(|room| room.title.to_lowercase() == folded);
    by_title.or_else(|| model.rooms.iter().find(|room| Some(room.id) == id))
}

fn create(model: &mut Model, typed: &str) -> Vec<Intent> {
    let (first, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let (title, visibility, entry) = match first {
        "--open" => (rest.trim(), Visibility::Public, Entry::Open),
        "--private" => (rest.trim(), Visibility::Private, Entry::Ask),
        _ => (typed, Visibility::Public, Entry::Ask),
    };
    if title.is_empty() {
        error(model, "/create needs a title.");
        return Vec::new();
    }
    ask(model, Ask::Create { title: title.to_owned(), visibility, entry })
}

fn list(model: &mut Model, search: &str) -> Vec<Intent> {
    let search = search.to_owned();
    let intents = ask(model, Ask::List { search: search.clone(), after: None });
    if !intents.is_empty() {
        let rooms = Vec::new();
        let directory = Directory { search, rooms, more: More::Asked, chosen: 0 };
        model.popup = Some(Popup::Directory(directory));
    }
    intents
}

fn leave(model: &mut Model, room: &str) -> Vec<Intent> {
    let found = if room.is_empty() { model.here() } else { own_room(model, room) };
    let Some(found) = found else {
        error(model, "You are in no such room.");
        return Vec::new();
    };
    let (room, title) = (found.id, found.title.clone());
    if ends_when_left(found) && model.armed != Some(Armed::Leave(room)) {
        model.armed = Some(Armed::Leave(room));
        hint(model, format!("Leaving ends {title} for good, for everyone. Enter again leaves."));
        return Vec::new();
    }
    ask(model, Ask::Leave { room })
}

fn topic(model: &mut Model, text: &str) -> Vec<Intent> {
    let Some(room) = here(model) else { return Vec::new() };
    ask(model, Ask::Topic { room, topic: text.to_owned() })
}

fn rename(model: &mut Model, title: &str) -> Vec<Intent> {
    let Some(room) = here(model) else { return Vec::new() };
    if title.is_empty() {
        error(model, "/rename needs a title.");
        return Vec::new();
    }
    ask(model, Ask::Rename { room, title: title.to_owned() })
}

fn promote(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user)) = whom(model, user, "/promote") else { return Vec::new() };
    ask(model, Ask::Promote { room, user })
}

fn demote(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user)) = whom(model, user, "/demote") else { return Vec::new() };
    ask(model, Ask::Demote { room, user })
}

fn transfer(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user)) = whom(model, user, "/transfer") else { return Vec::new() };
    ask(model, Ask::Transfer { room, user })
}

/// The room that is shown, or a word that there is none.
fn here(model: &mut Model) -> Option<RoomId> {
    if model.here.is_none() {
        error(model, "You are in no room; /join enters one.");
    }
    model.here
}

/// The room that is shown and the user who is named, or a word about what is missing.
fn whom(model: &mut Model, user: &str, command: &str) -> Option<(RoomId, String)> {
    let room = here(model)?;
    if user.is_empty() {
        error(model, format!("{command} needs the name of a member."));
        return None;
    }
    Some((room, user.to_owned()))
}

/// Whether a room ends when one leaves it: nobody is left, or one plain member. Where the members
/// are not known, an owner is warned.
fn ends_when_left(room: &Room) -> bool {
    match room.member_count {
        0 | 1 => true,
        2 if room.members.len() == 2 => {
            let plain = room.members.iter().filter(|member| member.role == Role::Member).count();
            // One of the two is oneself.
            plain == 2 || (plain == 1 && room.role != Role::Member)
        }
        2 => room.role == Role::Owner,
        _ => false,
    }
}

fn help(model: &mut Model, _: &str) -> Vec<Intent> {
    model.input.take();
    model.popup = Some(Popup::Help { top: 0 });
    Vec::new()
}

fn quit(model: &mut Model, _: &str) -> Vec<Intent> {
    if model.queued() > 0 && model.armed != Some(Armed::Quit) {
        model.armed = Some(Armed::Quit);
        hint(model, keys::quit_question(model, "Enter"));
        return Vec::new();
    }
    // It is no draft to be found again.
    model.input.take();
    vec![Intent::Quit]
}

/// Asks the server where there is a connection; the input is kept until it can be asked.
fn ask(model: &mut Model, ask: Ask) -> Vec<Intent> {
    model.armed = None;
    match model.link {
        Link::Online { .. } => {
            model.asked = Some(model.input.take());
            vec![Intent::Ask(ask)]
        }
        Link::Connecting | Link::Waiting { .. } | Link::Over { .. } => {
            error(model, "Not connected: try again when the connection is back.");
            Vec::new()
        }
    }
}
