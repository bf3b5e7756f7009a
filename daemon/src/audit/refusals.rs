//! What was refused, and is on record all the same.

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role};

use super::actions::{standing_changed, status_changed};
use super::{AuditRecord, Origin, name_of, rfc3339};
use crate::rooms::{Actor, Command, Status, World};

/// The record of a command that was refused: of a subcommand whatever the reason, of a user's where
/// it takes a role that they do not have. `None` for what takes no role: users could fill the disk
/// with it.
///
/// The action is that of the record which the command would have left.
#[expect(clippy::too_many_lines, reason = "one arm a command, so that none is forgotten")]
pub(crate) fn refusal(
    world: &World,
    actor: &Actor,
    command: &Command,
    code: Code,
    at: Timestamp,
    origin: &Origin<'_>,
) -> Option<AuditRecord> {
    let record = |action| AuditRecord::new(at, action, origin).by_actor(world, actor);
    let account =
        |user: &UserName, was, status| record(status_changed(was, status)).about(user.as_str());
    let member =
        |action, room: &RoomId, user: &UserName| record(action).about(user.as_str()).within(*room);
    let role =
        |room, user, role: Role| member("role-changed", room, user).text("role", role.word());
    let record = match command {
        Command::AddUser { name, .. } => record("user-added").about(name.as_str()),
        Command::SetPassword { user, .. } => record("password-set").about(name_of(world, *user)),
        Command::SetStanding { user, standing } => {
            record(standing_changed(*standing)).about(user.as_str())
        }
        Command::ApproveSignUp { user } => account(user, Status::Waiting, Status::Active),
        Command::DenySignUp { user, .. } => account(user, Status::Waiting, Status::Denied),
        Command::EnableUser { user } => account(user, Status::Disabled, Status::Active),
        Command::DisableUser { user } => account(user, Status::Active, Status::Disabled),
        Command::RemoveUser { user } => account(user, Status::Active, Status::Removed),
        Command::SetSignUpMode { mode } => record("sign-up-mode-set").text("mode", mode.word()),
        Command::MakeCode { .. } => record("code-made"),
        Command::RevokeCode { .. } => record("code-ended"),
        Command::TerminateRoom { room } => record("room-terminated").within(*room),
        Command::Promote { room, user } => role(room, user, Role::Admin),
        Command::Demote { room, user } => role(room, user, Role::Member),
        Command::Transfer { room, user } => role(room, user, Role::Owner),
        // Topics are for those who may read the room.
        Command::SetTopic { room, .. } => record("topic-changed").within(*room),
        Command::Rename { room, title } => {
            record("room-renamed").within(*room).text("title", title.as_str())
        }
        Command::SetSlowMode { room, secs } => {
            record("slow-mode-changed").within(*room).number("secs", *secs)
        }
        Command::Approve { room, user } | Command::AddMember { room, user } => {
            member("joined", room, user)
        }
        Command::Deny { room, user, .. } => {
            member("request-ended", room, user).text("how", RequestEnd::Denied.word())
        }
        Command::InviteUser { room, user } => member("invited", room, user),
        Command::RevokeInvite { room, user } => {
            member("invite-ended", room, user).text("how", InviteEnd::Revoked.word())
        }
        Command::Kick { room, user, .. } => {
            member("departed", room, user).text("how", Departure::Kicked.word())
        }
        Command::BanUser { room, user, until, .. } => {
            member("banned", room, user).text_or_null("until", until.map(rfc3339))
        }
        Command::Unban { room, user } => member("unbanned", room, user),
        // These take no role.
        Command::SignUp { .. }
        | Command::Restretch { .. }
        | Command::SetDisplayName { .. }
        | Command::AddDevice { .. }
        | Command::RevokeDevice { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::ReadNotifications(_)
        | Command::DismissNotifications(_)
        | Command::CreateRoom { .. }
        | Command::JoinRoom { .. }
        | Command::LeaveRoom { .. }
        | Command::Send { .. }
        | Command::MarkRead { .. }
        | Command::RequestToJoin { .. }
        | Command::Withdraw { .. }
        | Command::Expire { .. }
        | Command::Forget { .. }
        | Command::PruneNotifications { .. }
        | Command::ExpireDevice { .. }
        | Command::Forsake { .. }
        | Command::ForgetSignUp { .. }
        | Command::ExpireCode { .. } => return None,
    };
    Some(record.refused(code))
}

/// The record of what operators do, wanted by somebody who is none.
pub(crate) fn not_operating(
    world: &World,
    actor: &Actor,
    action: &'static str,
    code: Code,
    at: Timestamp,
    origin: &Origin<'_>,
) -> AuditRecord {
    AuditRecord::new(at, action, origin).by_actor(world, actor).refused(code)
}
