//! The walks are worth something: they come by all that the laws speak of.

use std::cell::RefCell;
use std::collections::BTreeMap;

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::room::{Departure, Role};

use super::super::model::Told;
use super::super::permissions::command_names;
use super::super::walk::Walk;
use super::on_walks;
use crate::rooms::{BanNotice, Command, DirectoryEvent, Happening, RoomEvent, Status, UserEvent};

/// What all walks together come by, besides every command that is done.
const THINGS: &str = "
    repeated same-device read moved
    bad-code banned blocked already-a-member already-invited already-requested bad-request busy
    login-required name-taken no-such-device no-such-invite no-such-notification no-such-request
    no-such-room no-such-user not-a-member not-invited not-permitted rate-limited request-first
    room-terminated sign-up-closed stale-nonce title-taken too-long too-many

    user-added user-forgotten title-taken-anew title-freed mode-set code-made code-used code-ended
    created mentioned-in joined left kicked banned-out out account-left succeeded appointed
    dismissed terminated topic renamed slow requested withdrawn denied invited revoked-invite
    invite-expired banned-by banned-silently unbanned ban-over forgotten
    password restretched display-name device-added device-revoked read-notices dismissed-notices
    notices-expired blocked-somebody unblocked standing approved-sign-up denied-sign-up disabled
    removed
    notified:invited notified:join-requested notified:approved notified:denied notified:added
    notified:kicked notified:banned notified:unbanned notified:role-changed
    notified:ownership-received notified:room-terminated notified:mentioned
    notified:sign-up-waiting
";

#[test]
fn walks_come_by_everything_that_the_laws_speak_of() {
    let seen = RefCell::new(BTreeMap::<String, u32>::new());
    let note = |word: &str| *seen.borrow_mut().entry(word.to_owned()).or_default() += 1;
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            let taken = walk.take(step);
            match taken.told {
                Err(code) => note(code.word()),
                Ok(told) => {
                    note(name(&taken.command));
                    note(match told {
                        Told::Repeated { .. } => "repeated",
                        Told::SameDevice(_) => "same-device",
                        Told::Read { .. } => "read",
                        Told::Done | Told::Sent { .. } => "done",
                    });
                    if let Command::JoinRoom { leave: Some(_), .. } = taken.command {
                        note("moved");
                    }
                }
            }
        }
        for event in &walk.events {
            match &event.what {
                Happening::Directory(event) => note(of_directory(event)),
                Happening::Room(_, event) => note(of_room(event)),
                Happening::User(_, UserEvent::Notified { notice, .. }) => {
                    note(&format!("notified:{}", notice.kind.word()));
                }
                Happening::User(_, event) => note(of_user(event)),
            }
        }
        Ok(())
    });
    let seen = seen.into_inner();
    let wanted = THINGS.split_whitespace().chain(command_names());
    let never: Vec<_> = wanted.filter(|&it| !seen.contains_key(it)).collect();
    assert!(never.is_empty(), "{never:?} of {seen:?}");
}

/// The name of the command, as it is declared.
fn name(command: &Command) -> &'static str {
    let shown = format!("{command:?}");
    let name = shown.split([' ', '(']).next().unwrap_or_default();
    command_names().into_iter().find(|known| *known == name).unwrap()
}

fn of_directory(event: &DirectoryEvent) -> &'static str {
    match event {
        DirectoryEvent::UserAdded { .. } => "user-added",
        DirectoryEvent::UserForgotten { .. } => "user-forgotten",
        DirectoryEvent::TitleTaken { .. } => "title-taken-anew",
        DirectoryEvent::TitleFreed { .. } => "title-freed",
        DirectoryEvent::SignUpModeSet { .. } => "mode-set",
        DirectoryEvent::CodeMade { .. } => "code-made",
        DirectoryEvent::CodeUsed { .. } => "code-used",
        DirectoryEvent::CodeEnded { .. } => "code-ended",
    }
}

fn of_room(event: &RoomEvent) -> &'static str {
    match event {
        RoomEvent::Created { .. } => "created",
        RoomEvent::Messaged { mentions, .. } if mentions.is_empty() => "messaged",
        RoomEvent::Messaged { .. } => "mentioned-in",
        RoomEvent::Joined { .. } => "joined",
        RoomEvent::Departed { how, .. } => match how {
            Departure::Left | Departure::Unknown => "left",
            Departure::Kicked => "kicked",
            Departure::Banned => "banned-out",
            Departure::Terminated => "out",
            Departure::Removed => "account-left",
        },
        RoomEvent::RoleChanged { role, .. } => match role {
            Role::Owner => "succeeded",
            Role::Admin => "appointed",
            Role::Member | Role::Unknown => "dismissed",
        },
        RoomEvent::Terminated => "terminated",
        RoomEvent::TopicChanged { .. } => "topic",
        RoomEvent::Renamed { .. } => "renamed",
        RoomEvent::SlowModeChanged { .. } => "slow",
        RoomEvent::Requested { .. } => "requested",
        RoomEvent::RequestEnded { how, .. } => match how {
            RequestEnd::Withdrawn | RequestEnd::Unknown => "withdrawn",
            RequestEnd::Denied => "denied",
        },
        RoomEvent::Invited { .. } => "invited",
        RoomEvent::InviteEnded { how, .. } => match how {
            InviteEnd::Revoked | InviteEnd::Unknown => "revoked-invite",
            InviteEnd::Expired => "invite-expired",
        },
        RoomEvent::Banned { notice, .. } => match notice {
            BanNotice::Told => "banned-by",
            BanNotice::Silent => "banned-silently",
        },
        RoomEvent::Unbanned { by: Some(_), .. } => "unbanned",
        RoomEvent::Unbanned { by: None, .. } => "ban-over",
        RoomEvent::Forgotten { .. } => "forgotten",
    }
}

fn of_user(event: &UserEvent) -> &'static str {
    match event {
        UserEvent::PasswordSet(_) => "password",
        UserEvent::PasswordRestretched(_) => "restretched",
        UserEvent::DisplayNameSet(_) => "display-name",
        UserEvent::DeviceAdded { .. } => "device-added",
        UserEvent::DeviceRevoked { .. } => "device-revoked",
        UserEvent::Notified { .. } => "notified",
        UserEvent::NotificationsRead(_) => "read-notices",
        UserEvent::NotificationsDismissed(_) => "dismissed-notices",
        UserEvent::NotificationsExpired { .. } => "notices-expired",
        UserEvent::Blocked { .. } => "blocked-somebody",
        UserEvent::Unblocked { .. } => "unblocked",
        UserEvent::StandingChanged(_) => "standing",
        UserEvent::StatusChanged { status, .. } => match status {
            Status::Active => "approved-sign-up",
            Status::Waiting => "waiting",
            Status::Denied => "denied-sign-up",
            Status::Disabled => "disabled",
            Status::Removed => "removed",
        },
    }
}
