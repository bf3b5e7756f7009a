//! Whom a command can mean, as far as that is known.

use parlor_protocol::name::UserName;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::room::Role;

use crate::model::{Model, Room};

/// What a user is in the room that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    In(Role),
    Out,
    /// One of the members, perhaps: not all of them were fetched.
    Unknown,
}

/// Users of whom is heard otherwise than by seeing them in a room.
pub(super) fn others(model: &Model) -> impl Iterator<Item = &str> {
    askers(model).chain(model.blocked.iter().map(String::as_str))
}

/// Whether a command of this name can mean the user.
pub(super) fn fits(model: &Model, command: &str, user: &str) -> bool {
    let is_me = user == model.me;
    let Some(room) = model.here() else { return !is_me };
    let standing = standing(room, user);
    match (command, standing) {
        // An admin may step down.
        ("/demote", _) if is_me => room.role == Role::Admin,
        _ if is_me => false,
        ("/approve" | "/deny", Standing::Out | Standing::Unknown) => {
            askers(model).any(|asker| asker == user)
        }
        ("/approve" | "/deny", Standing::In(_)) => false,
        ("/add" | "/invite" | "/revoke" | "/unban", _) => !matches!(standing, Standing::In(_)),
        ("/kick", Standing::In(role)) => rules(room.role, role),
        ("/ban", Standing::In(role)) => rules(room.role, role),
        ("/promote", Standing::In(role)) => role == Role::Member,
        ("/demote", Standing::In(role)) => role == Role::Admin && room.role != Role::Admin,
        ("/kick" | "/promote" | "/demote" | "/transfer", _) => standing != Standing::Out,
        ("/block", _) => !model.blocked.contains(user),
        ("/unblock", _) => model.blocked.contains(user),
        _ => true,
    }
}

/// Whether a command of this name can mean a room that one is in.
pub(super) fn fits_own(command: &str, room: &Room) -> bool {
    match command {
        "/mute" => !room.muted,
        "/unmute" => room.muted,
        _ => !fits_other(command),
    }
}

/// Whether a command of this name means a room that one is not in.
pub(super) fn fits_other(command: &str) -> bool {
    matches!(command, "/join" | "/request" | "/withdraw")
}

/// Whether one of these roles may put one of those out.
fn rules(own: Role, their: Role) -> bool {
    match own {
        Role::Owner => their != Role::Owner,
        Role::Admin | Role::Member | Role::Unknown => their == Role::Member,
    }
}

fn standing(room: &Room, user: &str) -> Standing {
    match room.members.iter().find(|member| member.user == user) {
        Some(member) => Standing::In(member.role),
        None if room.members.len() < room.member_count as usize => Standing::Unknown,
        None => Standing::Out,
    }
}

/// Who asks to come into the room that is shown, as far as one was told.
fn askers(model: &Model) -> impl Iterator<Item = &str> {
    let told = model.notices.iter().filter(|told| {
        told.kind == NotificationKind::JoinRequested
            && told.room.is_some()
            && told.room == model.here
    });
    told.filter_map(|told| told.by.as_ref().map(UserName::as_str))
}
