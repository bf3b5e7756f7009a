//! What keys do in a form, and what is asked of the server with what it holds.

use parlor_protocol::entry::{AddMember, BanUser, Deny, InviteUser, Kick};
use parlor_protocol::id::RoomId;
use parlor_protocol::password::Password;
use parlor_protocol::refusal::Code;
use parlor_protocol::request::Command;
use parlor_protocol::room::{CreateRoom, Entry, Visibility};

use super::popups::{edit, one_line};
use super::{Ask, Intent, ask, complete, error, name_ask};
use crate::cli::Span;
use crate::keymap::Action;
use crate::model::{
    AskId, AskedFrom, Deed, FORMS_MAX, Form, Model, Popup, Purpose, Reach, Secret, Then, Value,
};

/// What a key does in the form that lies on top.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Intent> {
    let Some(Popup::Form(form)) = model.popups.last_mut() else { return Vec::new() };
    let len = form.fields.len();
    match action {
        Action::Enter if form.at + 1 < len => form.at += 1,
        Action::Enter => return submit(model),
        Action::Go(Reach::Up) => form.at = form.at.saturating_sub(1),
        Action::Go(Reach::Down) => form.at = (form.at + 1).min(len - 1),
        Action::Complete if len > 1 => form.at = (form.at + 1) % len,
        Action::CompleteBack if len > 1 => form.at = (form.at + len - 1) % len,
        Action::Complete => complete::act_in_form(model, 1),
        Action::CompleteBack => complete::act_in_form(model, -1),
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
            Value::Secret(secret) => secret_line(secret, action),
        },
    }
    Vec::new()
}

/// What a key does in a line that nobody may see: it is not kept for another either.
pub(super) fn secret_line(secret: &mut Secret, action: Action) {
    if action == Action::Delete(Reach::Left) {
        secret.delete();
    } else if action == Action::Kill(Reach::LineStart) {
        secret.clear();
    }
}

/// Opens a form, as it was when it was closed with something in it.
pub(super) fn open(model: &mut Model, purpose: Purpose) {
    let closed = model.closed_forms.iter().position(|form| form.purpose == purpose);
    let form = match closed {
        Some(place) => Form { at: 0, ..model.closed_forms.remove(place) },
        None => Form::new(purpose),
    };
    model.popups.push(Popup::Form(form));
}

/// A form is closed. What was typed into it comes back when it is opened again, or by the keys where
/// that cannot be; no secret stays.
pub(super) fn closed(model: &mut Model, form: Form) {
    if form.texts().next().is_none() {
        return;
    }
    if form.purpose.room().is_some_and(|room| model.room(room).is_none()) {
        return put_by(model, &form);
    }
    model.closed_forms.push(form);
    if model.closed_forms.len() > FORMS_MAX {
        let oldest = model.closed_forms.remove(0);
        put_by(model, &oldest);
    }
}

fn put_by(model: &mut Model, form: &Form) {
    for text in form.texts() {
        model.put_by(text.to_owned());
    }
}

/// Takes a typed or pasted text in.
pub(super) fn insert(form: &mut Form, text: &str) {
    match &mut form.fields[form.at].value {
        Value::Text(input) => drop(input.insert(&one_line(text))),
        // Whoever pastes one does not mean the line break behind it.
        Value::Secret(secret) => secret.insert(text.trim_end_matches(['\r', '\n'])),
        Value::Choice { of, chosen } if text == " " => *chosen = (*chosen + 1) % of.len(),
        Value::Choice { .. } => {}
    }
}

fn submit(model: &mut Model) -> Vec<Intent> {
    let Some(Popup::Form(form)) = model.popups.last_mut() else { return Vec::new() };
    if form.asked.is_some() {
        return Vec::new();
    }
    if form.purpose == Purpose::Password {
        return submit_password(model);
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

/// Asks for another password, once the new one is typed twice and may be one.
fn submit_password(model: &mut Model) -> Vec<Intent> {
    let Some(Popup::Form(form)) = model.popups.last_mut() else { return Vec::new() };
    let old = form.secret(form.fields[0].label);
    let new = form.secret(form.fields[1].label);
    let again = form.secret(form.fields[2].label);
    let (wrong, at) = if old.as_str().is_empty() {
        (Some("Type your old password, too.".to_owned()), 0)
    } else if let Err(error) = Password::parse(new.as_str()) {
        (Some(format!("The new password is not taken: {error}.")), 1)
    } else if new != again {
        for field in &mut form.fields[1..] {
            field.value = Value::Secret(Secret::default());
        }
        (Some("The two new passwords differ; type both again.".to_owned()), 1)
    } else {
        (None, form.at)
    };
    form.at = at;
    form.error = wrong;
    if form.error.is_some() {
        return Vec::new();
    }
    let done =
        "Your password is changed; your other devices have to log in with the new one.".to_owned();
    let Some(id) = name_ask(model, AskedFrom::Form, Some(done)) else {
        return Vec::new();
    };
    if let Some(Popup::Form(form)) = model.popups.last_mut() {
        form.asked = Some(id);
    }
    vec![Intent::Ask(Ask::Passwd { id, old, new })]
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
        Purpose::Password => unreachable!("it is asked for otherwise"),
    }
}

/// The form's question was answered with a refusal, which it shows. A room that takes members by
/// request is asked to.
pub(super) fn refused(model: &mut Model, id: AskId, code: Option<Code>, why: String) {
    let open = model.popups.iter_mut().find_map(|popup| match popup {
        Popup::Form(form) if form.asked == Some(id) => Some(form),
        Popup::Form(_)
        | Popup::Help { .. }
        | Popup::GoTo(_)
        | Popup::List(_)
        | Popup::Question(_) => None,
    });
    let Some(form) = open else {
        if let Some(form) = model.closed_forms.iter_mut().find(|form| form.asked == Some(id)) {
            form.asked = None;
            form.error = Some(why.clone());
        }
        return error(model, why);
    };
    form.asked = None;
    if form.purpose == Purpose::Join && code == Some(Code::RequestFirst) {
        let typed = form.text("ID or title").to_owned();
        let room = id_in(&typed).map_or_else(|| typed.clone(), |id| id.to_string());
        *form = Form::new(Purpose::Request { room, title: typed });
        form.error = Some("Its admins let people in. Say why you want to come in.".to_owned());
        return;
    }
    if form.purpose == Purpose::Password && code == Some(Code::BadCredentials) {
        form.at = 0;
        form.fields[0].value = Value::Secret(Secret::default());
        form.error = Some("That is not your old password; type it again.".to_owned());
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
