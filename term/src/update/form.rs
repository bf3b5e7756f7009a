//! What keys do in a form, and what is asked of the server with what it holds.

use parlor_protocol::entry::{AddMember, BanUser, Deny, InviteUser, Kick};
use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::Code;
use parlor_protocol::request::Command;
use parlor_protocol::room::{CreateRoom, Entry, Visibility};

use super::popups::edit;
use super::{Intent, ask};
use crate::cli::Span;
use crate::keymap::Action;
use crate::model::{AskId, AskedFrom, Deed, Form, Model, Popup, Purpose, Reach, Then, Value};

/// What a key does in the form that lies on top.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Intent> {
    let Some(Popup::Form(form)) = model.popups.last_mut() else { return Vec::new() };
    let len = form.fields.len();
    match action {
        Action::Enter if form.at + 1 < len => form.at += 1,
        Action::Enter => return submit(model),
        Action::Go(Reach::Up) => form.at = form.at.saturating_sub(1),
        Action::Go(Reach::Down) => form.at = (form.at + 1).min(len - 1),
        action => match &mut form.fields[form.at].value {
            Value::Text(input) => {
                edit(input, &mut model.kill_ring, action);
            }
            Value::Choice { of, chosen } if action == Action::Go(Reach::Left) => {
                *chosen = chosen.checked_sub(1).unwrap_or(of.len() - 1);
            }
            Value::Choice { of, chosen } if action == Action::Go(Reach::Right) => {
                *chosen = (*chosen + 1) % of.len();
            }
            Value::Choice { .. } => {}
        },
    }
    Vec::new()
}

/// Takes a typed or pasted text in.
pub(super) fn insert(form: &mut Form, text: &str) {
    match &mut form.fields[form.at].value {
        Value::Text(input) => drop(input.insert(text)),
        Value::Choice { of, chosen } if text == " " => *chosen = (*chosen + 1) % of.len(),
        Value::Choice { .. } => {}
    }
}

fn submit(model: &mut Model) -> Vec<Intent> {
    let Some(Popup::Form(form)) = model.popups.last_mut() else { return Vec::new() };
    if form.asked.is_some() {
        return Vec::new();
    }
    let (deed, done) = match deed(form) {
        Ok(deed) => deed,
        Err(wrong) => {
            form.error = Some(wrong);
            return Vec::new();
        }
    };
    form.error = None;
    let id = model.next_ask;
    let intents = ask(model, deed, AskedFrom::Form, done);
    if let Some(Popup::Form(form)) = model.popups.last_mut()
        && !intents.is_empty()
    {
        form.asked = Some(id);
    }
    intents
}

/// What a form asks of the server, and what is said when it is done.
fn deed(form: &Form) -> Result<(Deed, Option<String>), String> {
    let reason = || form.text("Reason").to_owned();
    let named = |user: &str| match user {
        "" => Err("Whom? Type a user's name.".to_owned()),
        user => Ok(user.trim_start_matches('@').to_owned()),
    };
    let change = |command| Ok((Deed::Change(command), None));
    match &form.purpose {
        Purpose::Join => {
            let typed = form.text("ID or title");
            if typed.is_empty() {
                return Err("Type the ID from an invite, or a room's title.".to_owned());
            }
            let room = id_in(typed).map_or_else(|| typed.to_owned(), |id| id.to_string());
            Ok((Deed::Find { room, then: Then::Join { leave: None } }, None))
        }
        Purpose::Request { room, title } => {
            let deed = Deed::Find { room: room.clone(), then: Then::Request(reason()) };
            Ok((deed, Some(format!("You have asked to come into {title}. Its admins are told."))))
        }
        Purpose::Create => {
            let title = form.text("Title").to_owned();
            if title.is_empty() {
                return Err("Type a title.".to_owned());
            }
            let visibility = match form.choice("Found by") {
                0 => Visibility::Public,
                _ => Visibility::Private,
            };
            // A private room is entered by invite, whatever is chosen here.
            let entry = match (visibility, form.choice("Entry")) {
                (Visibility::Public, 1) => Entry::Open,
                _ => Entry::Ask,
            };
            change(Command::CreateRoom(CreateRoom { title, visibility, entry }))
        }
        Purpose::Deny(whom) => {
            let (room, user) = (whom.room, whom.user.clone());
            change(Command::Deny(Deny { room, user, reason: reason() }))
        }
        Purpose::Kick(whom) => {
            let (room, user) = (whom.room, whom.user.clone());
            change(Command::Kick(Kick { room, user, reason: reason() }))
        }
        Purpose::Ban(whom) => {
            let user = if whom.user.is_empty() { form.text("User") } else { &whom.user };
            let secs = match form.text("For") {
                "" => None,
                span => {
                    Some(span.parse::<Span>().map_err(|no| format!("For how long? {no}."))?.secs)
                }
            };
            let ban = BanUser { room: whom.room, user: named(user)?, reason: reason(), secs };
            change(Command::BanUser(ban))
        }
        Purpose::Invite(room) => {
            let user = named(form.text("User"))?;
            change(Command::InviteUser(InviteUser { room: *room, user }))
        }
        Purpose::Add(room) => {
            let user = named(form.text("User"))?;
            change(Command::AddMember(AddMember { room: *room, user }))
        }
    }
}

/// The form's question was answered with a refusal, which it shows. A room that takes members by
/// request is asked to.
pub(super) fn refused(model: &mut Model, id: AskId, code: Option<Code>, why: String) {
    let asking = |popup: &&mut Popup| matches!(popup, Popup::Form(form) if form.asked == Some(id));
    let Some(Popup::Form(form)) = model.popups.iter_mut().find(asking) else { return };
    form.asked = None;
    if form.purpose == Purpose::Join && code == Some(Code::RequestFirst) {
        let typed = form.text("ID or title").to_owned();
        let room = id_in(&typed).map_or_else(|| typed.clone(), |id| id.to_string());
        *form = Form::new(Purpose::Request { room, title: typed });
        form.error = Some("Its admins let people in. Say why you want to come in.".to_owned());
        return;
    }
    form.error = Some(why);
}

/// The ID of a room that stands somewhere in a text, as in an invite that was copied whole: first
/// what is written with its hyphen, then a text that is nothing else.
fn id_in(text: &str) -> Option<RoomId> {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let hyphenated = words().filter(|word| word.contains('-')).find_map(|word| word.parse().ok());
    hyphenated.or_else(|| text.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_invite_is_found_in_what_was_pasted() {
        let id: RoomId = "kx4f9-2mqa7".parse().unwrap();
        for text in [
            "kx4f9-2mqa7",
            " KX4F92MQA7 ",
            "alice invited you to ops: /join kx4f9-2mqa7",
            "“kx4f9-2mqa7”.",
            "ops (KX4F9-2MQA7), until Sunday",
        ] {
            assert_eq!(id_in(text), Some(id), "{text}");
        }
        for text in ["", "ops", "release planning", "kx4f9-2mqa", "well-known"] {
            assert_eq!(id_in(text), None, "{text}");
        }
    }
}
