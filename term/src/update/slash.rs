//! The commands that begin with a slash.

mod notices;
mod people;
mod rooms;

use parlor_protocol::id::RoomId;
use parlor_protocol::message::MessageKind;
use parlor_protocol::request::Command as Change;

use super::{Intent, ask, error, hint, keys, mute, popups, reload};
use crate::model::{Armed, AskedFrom, Deed, Listing, Model, Popup, Purpose, Room};

/// A command: what it is called, what follows it, what it does, and how.
pub(crate) struct Command {
    /// Its name, with the slash.
    pub(crate) name: &'static str,
    /// What follows it: `ROOM`, `USER` and other words in capitals, in brackets where they may be
    /// left out.
    pub(crate) takes: &'static str,
    /// What it does, for the help.
    pub(crate) help: &'static str,
    run: fn(&mut Model, &str) -> Vec<Intent>,
}

const fn command(
    name: &'static str,
    takes: &'static str,
    help: &'static str,
    run: fn(&mut Model, &str) -> Vec<Intent>,
) -> Command {
    Command { name, takes, help, run }
}

/// Every command.
pub(crate) const COMMANDS: &[Command] = &[
    command("/join", "[ROOM] [--leave ROOM]", "enter a room by title or ID", rooms::join),
    command("/go", "ROOM", "go to one of your rooms by its title, ID or number", rooms::go),
    command("/request", "ROOM [REASON]", "ask to come into a room", rooms::request),
    command("/withdraw", "ROOM", "take your request back", rooms::withdraw),
    command(
        "/create",
        "[TITLE] [--open|--private]",
        "make a room, entered by request if not --open",
        rooms::create,
    ),
    command("/leave", "[ROOM]", "leave this room or that one", rooms::leave),
    command("/rooms", "[TEXT]", "list the public rooms", rooms::list),
    command("/log", "", "list your former rooms, to rejoin them", rooms::log),
    command("/me", "TEXT", "say that you do something", me),
    command("/topic", "[TEXT]", "set the topic, or clear it", rooms::topic),
    command("/rename", "TITLE", "give this room a title", rooms::rename),
    command("/slow", "SECS", "set the time between two messages; 0 ends it", rooms::slow),
    command("/read", "", "mark this room as read", rooms::read),
    command("/members", "", "list who is here, and what you can do", people::members),
    command("/requests", "", "list who asks to come in", people::requests),
    command("/approve", "USER", "let in who has asked", people::approve),
    command("/deny", "USER [REASON]", "turn a request down", people::deny),
    command("/add", "USER", "make a user a member", people::add),
    command("/invite", "[USER]", "invite a user into this room", people::invite),
    command("/invites", "[ROOM]", "list your invites, or those into a room", people::invites),
    command("/revoke", "USER", "take an invite into this room back", people::revoke),
    command("/kick", "USER [REASON]", "put a member out", people::kick),
    command("/ban", "USER [--for 7d] [REASON]", "keep a user out", people::ban),
    command("/unban", "USER", "lift a ban", people::unban),
    command("/bans", "", "list who is kept out of this room", people::bans),
    command("/promote", "USER", "make a member an admin", people::promote),
    command("/demote", "USER", "make an admin a member", people::demote),
    command("/transfer", "USER", "hand this room over", people::transfer),
    command("/block", "USER", "see nothing more of a user", people::block),
    command("/unblock", "USER", "see a user again", people::unblock),
    command("/blocks", "", "list whom you block", people::blocks),
    command("/name", "[TEXT]", "show this beside your name, or nothing", people::name),
    command(
        "/notices",
        "[read|dismiss N|all]",
        "list what you were told of; or mark it as read, or take it away",
        notices::run,
    ),
    command("/devices", "", "list where you are logged in", people::devices),
    command("/passwd", "", "change your password", passwd),
    command("/mute", "[ROOM]", "do not be called by what is said there", mute::mute),
    command("/unmute", "[ROOM]", "be called again", mute::unmute),
    command("/reload", "", "read the configuration file anew", reload::ask),
    command("/help", "", "show the keys and commands", help),
    command("/quit", "", "quit", quit),
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

/// Puts a name into the input, as a mention.
pub(super) fn mention(model: &mut Model, user: &str) {
    let text = model.input.text();
    let gap = if text.is_empty() || text.ends_with(char::is_whitespace) { "" } else { " " };
    model.input.insert(&format!("{gap}@{user} "));
}

/// The first word of what was typed, or what stands in quotes at its beginning; and the rest.
fn word(typed: &str) -> (&str, &str) {
    let (word, rest) = match typed.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
        Some(quoted) => quoted,
        None => typed.split_once(char::is_whitespace).unwrap_or((typed, "")),
    };
    (word, rest.trim_start())
}

/// The room of one's own that is meant by a title or an ID.
pub(super) fn own_room<'a>(model: &'a Model, named: &str) -> Option<&'a Room> {
    let id = named.parse::<RoomId>().ok();
    let folded = named.to_lowercase();
    let by_title = model.rooms.iter().find(|room| room.title.to_lowercase() == folded);
    by_title.or_else(|| model.rooms.iter().find(|room| Some(room.id) == id))
}

/// The room that is shown, or a word that there is none.
fn here(model: &mut Model) -> Option<RoomId> {
    if model.here.is_none() {
        error(model, "You are in no room; /join enters one.");
    }
    model.here
}

/// Asks the server for what was typed; what is to be said when it is done follows.
fn typed(model: &mut Model, deed: Deed, done: Option<String>) -> Vec<Intent> {
    let text = model.input.text().to_owned();
    let intents = ask(model, deed, AskedFrom::Typed(text), done);
    if !intents.is_empty() {
        model.input.take();
    }
    intents
}

/// Asks the server for a change that is seen by itself.
fn change(model: &mut Model, change: Change) -> Vec<Intent> {
    typed(model, Deed::Change(change), None)
}

/// Shows a list in place of what was typed.
fn show(model: &mut Model, listing: Listing) -> Vec<Intent> {
    let intents = popups::show(model, listing);
    if !intents.is_empty() {
        model.input.take();
    }
    intents
}

fn me(model: &mut Model, text: &str) -> Vec<Intent> {
    if text.is_empty() {
        error(model, "/me needs to know what you do, as in /me waves.");
        return Vec::new();
    }
    keys::send(model, text, MessageKind::Action)
}

/// Nothing is typed behind it, where all could see it.
fn passwd(model: &mut Model, _: &str) -> Vec<Intent> {
    model.input.take();
    popups::fill(model, Purpose::Password)
}

fn help(model: &mut Model, _: &str) -> Vec<Intent> {
    model.input.take();
    model.popups.push(Popup::Help { top: 0 });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_with_spaces_are_quoted() {
        for (typed, parts) in [
            ("ops", ("ops", "")),
            ("ops  let me in", ("ops", "let me in")),
            ("\"release planning\" let me in", ("release planning", "let me in")),
            ("\"open", ("\"open", "")),
            ("", ("", "")),
        ] {
            assert_eq!(word(typed), parts, "{typed}");
        }
    }
}
