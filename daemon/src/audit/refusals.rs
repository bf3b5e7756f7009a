//! What was refused, and is on record all the same.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;

use super::actions::{standing_changed, status_changed};
use super::{AuditRecord, Origin, name_of};
use crate::rooms::{Actor, Command, Status, World};

/// The record of a subcommand that was refused. What users are refused is not audited: they could
/// fill the disk with it.
pub(crate) fn refusal(
    world: &World,
    actor: &Actor,
    command: &Command,
    code: Code,
    at: Timestamp,
    origin: &Origin<'_>,
) -> Option<AuditRecord> {
    match actor {
        Actor::Console => {}
        Actor::Stranger | Actor::User(_) | Actor::Clock => return None,
    }
    let record = |action| AuditRecord::new(at, action, origin).by_actor(world, actor);
    let account =
        |user: &UserName, was, status| record(status_changed(was, status)).about(user.as_str());
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
        Command::Transfer { room, user } => {
            record("role-changed").about(user.as_str()).within(*room)
        }
        // The console does none of these.
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
        | Command::Promote { .. }
        | Command::Demote { .. }
        | Command::SetTopic { .. }
        | Command::Rename { .. }
        | Command::SetSlowMode { .. }
        | Command::RequestToJoin { .. }
        | Command::Withdraw { .. }
        | Command::Approve { .. }
        | Command::Deny { .. }
        | Command::AddMember { .. }
        | Command::InviteUser { .. }
        | Command::RevokeInvite { .. }
        | Command::Kick { .. }
        | Command::BanUser { .. }
        | Command::Unban { .. }
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
