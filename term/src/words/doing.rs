//! What a refusal means for what was asked: more than the code alone tells.

use parlor_protocol::name::{MAX_DISPLAY_NAME_COLUMNS, MAX_LABEL_BYTES};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::request::Command;
use parlor_protocol::text::{MAX_BODY_BYTES, MAX_BODY_CHARS, MAX_REASON_CHARS, MAX_TOPIC_CHARS};

use crate::cli::{LineCommand, OpCommand};
use crate::model::{Deed, Then};

/// No limit on how often one asks or guesses makes anyone wait for longer: one in an hour is the
/// strictest that a server can have. The refusal alone does not tell such a limit from a denial.
const LIMIT_WAIT_MAX_MS: u32 = 60 * 60 * 1_000;

/// The longest wait of a room's slow mode, as the protocol has it.
const SLOW_SECS_MAX: u32 = 86_400;

/// What was asked, as far as it makes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doing {
    /// To put this user out, or keep them out.
    PutOut(String),
    /// To give this user a role, or take it away.
    GiveRole(String),
    /// To ask to come in.
    Request,
    /// To take that back.
    Withdraw,
    /// To have a user in, or invited.
    LetIn,
    /// To make a room or to enter one.
    Enter,
    /// To block a user.
    Block,
    /// To sign up by a code.
    SignUpByCode,
    /// To list something from a cursor on.
    ListAfter,
    /// To deny a request or a sign-up.
    Deny,
    /// To say something to a room, or to everybody.
    Say,
    /// To say what a room is about.
    SetTopic,
    /// To be shown under another name.
    SetName,
    /// To let the members of a room speak more slowly.
    SlowDown,
    /// To search for rooms.
    Search,
    /// Anything else.
    Other,
}

impl Doing {
    /// What is asked on the screen.
    pub(crate) fn of(deed: &Deed) -> Self {
        let command = match deed {
            Deed::Change(command) => command,
            Deed::Find { then: Then::Join { .. }, .. } => return Self::Enter,
            Deed::Find { then: Then::Request(_), .. } => return Self::Request,
            Deed::Find { then: Then::Withdraw, .. } => return Self::Withdraw,
        };
        if let Command::Kick(kick) = command {
            Self::PutOut(kick.user.clone())
        } else if let Command::BanUser(ban) = command {
            Self::PutOut(ban.user.clone())
        } else if let Command::Promote(promote) = command {
            Self::GiveRole(promote.user.clone())
        } else if let Command::Demote(demote) = command {
            Self::GiveRole(demote.user.clone())
        } else if let Command::Transfer(transfer) = command {
            Self::GiveRole(transfer.user.clone())
        } else if let Command::RequestToJoin(_) = command {
            Self::Request
        } else if let Command::AddMember(_) | Command::InviteUser(_) | Command::Approve(_) = command
        {
            Self::LetIn
        } else if let Command::CreateRoom(_) | Command::JoinRoom(_) = command {
            Self::Enter
        } else if let Command::Block(_) = command {
            Self::Block
        } else if let Command::Deny(_) = command {
            Self::Deny
        } else if let Command::SetTopic(_) = command {
            Self::SetTopic
        } else if let Command::SetDisplayName(_) = command {
            Self::SetName
        } else if let Command::SetSlowMode(_) = command {
            Self::SlowDown
        } else {
            Self::Other
        }
    }

    /// What a line asks.
    pub(crate) fn of_line(command: &LineCommand) -> Self {
        if command.after().is_some() {
            return Self::ListAfter;
        }
        if let LineCommand::Kick(whom) | LineCommand::Ban { whom, .. } = command {
            Self::PutOut(whom.user.clone())
        } else if let LineCommand::Promote(whom)
        | LineCommand::Demote(whom)
        | LineCommand::Transfer(whom) = command
        {
            Self::GiveRole(whom.user.clone())
        } else if let LineCommand::Request { .. } = command {
            Self::Request
        } else if let LineCommand::Withdraw { .. } = command {
            Self::Withdraw
        } else if let LineCommand::Add(_) | LineCommand::Invite(_) | LineCommand::Approve(_) =
            command
        {
            Self::LetIn
        } else if let LineCommand::Create(_) | LineCommand::Join { .. } = command {
            Self::Enter
        } else if let LineCommand::Block { .. } = command {
            Self::Block
        } else if let LineCommand::Deny(_) | LineCommand::Op(OpCommand::Deny { .. }) = command {
            Self::Deny
        } else if let LineCommand::Send(_) | LineCommand::Op(OpCommand::Announce { .. }) = command {
            Self::Say
        } else if let LineCommand::Topic { .. } = command {
            Self::SetTopic
        } else if let LineCommand::Name { .. } = command {
            Self::SetName
        } else if let LineCommand::Slow { .. } = command {
            Self::SlowDown
        } else if let LineCommand::Rooms { .. } | LineCommand::Op(OpCommand::Rooms { .. }) = command
        {
            Self::Search
        } else {
            Self::Other
        }
    }

    /// What the refusal means for this, where that is more than [`super::refusal`] says.
    pub(super) fn sentence(&self, refusal: &Refusal, me: &str) -> Option<String> {
        if refusal.code == Code::TooMany {
            return self.full().map(str::to_owned);
        }
        if refusal.code == Code::TooLong {
            return Some(format!("{}; shorten it", self.limit()?));
        }
        let text = match (self, refusal.code) {
            (Self::PutOut(user) | Self::GiveRole(user), Code::NotAMember) => {
                format!("{user} is not a member, or you are not; `members` lists who is")
            }
            (Self::PutOut(user), Code::NotPermitted) if user.eq_ignore_ascii_case(me) => {
                "nobody can put themselves out; `leave` leaves the room".to_owned()
            }
            (Self::PutOut(_), Code::NotPermitted) => {
                "only admins and the owner may do this, only the owner against an admin or a ban of \
                 the owner's, and nobody against the owner"
                    .to_owned()
            }
            (Self::GiveRole(user), Code::NotPermitted) if user.eq_ignore_ascii_case(me) => {
                "that cannot be done to oneself: only the owner gives roles, an admin may `demote` \
                 themselves, and the owner can `transfer` the room to another"
                    .to_owned()
            }
            (Self::GiveRole(_), Code::NotPermitted) => {
                "only the room's owner may do this, and the owner stays owner until they `transfer` \
                 the room"
                    .to_owned()
            }
            (Self::LetIn, Code::Banned) => {
                "the user is banned from the room; `unban` lifts that".to_owned()
            }
            (Self::Withdraw, Code::NoSuchRequest) => {
                "no request of yours waits there".to_owned()
            }
            (Self::Block, Code::NotPermitted) => "nobody can block themselves".to_owned(),
            (Self::SignUpByCode, Code::SignUpClosed) => {
                "this server takes no sign-ups, and the code is not one of an operator that still \
                 counts; check its letters, or ask its operator to add you with `parlord user add`"
                    .to_owned()
            }
            (Self::Request, Code::RateLimited)
                if refusal.retry_after_ms.is_some_and(|ms| ms > LIMIT_WAIT_MAX_MS) =>
            {
                "your request was denied; you may ask again a day after that".to_owned()
            }
            (Self::Request, Code::RateLimited) => {
                "you have asked too often, or your request was denied less than a day ago; wait, \
                 then ask again"
                    .to_owned()
            }
            (Self::ListAfter, Code::BadRequest) => {
                "what stands behind --after is no cursor of this list; take the `next` of a page \
                 that --json printed"
                    .to_owned()
            }
            _ => return None,
        };
        Some(text)
    }

    /// Which limit is reached.
    fn full(&self) -> Option<&'static str> {
        Some(match self {
            Self::GiveRole(_) => "the room has as many admins as it can; `demote` one first",
            Self::PutOut(_) => "as many are banned from the room as can be; `unban` some first",
            Self::Request => {
                "as many requests wait in the room as can; try again when its admins have decided \
                 on some"
            }
            Self::LetIn => {
                "the user is in as many rooms as one can be, or as many invites into this room \
                 wait as can"
            }
            Self::Enter => {
                "you are in as many rooms, or own as many, as one can; `leave` one first"
            }
            Self::Block => "you block as many users as one can; `unblock` some first",
            Self::Withdraw
            | Self::SignUpByCode
            | Self::ListAfter
            | Self::Deny
            | Self::Say
            | Self::SetTopic
            | Self::SetName
            | Self::SlowDown
            | Self::Search
            | Self::Other => return None,
        })
    }

    /// How long what this carries may be.
    fn limit(&self) -> Option<String> {
        let limit = match self {
            Self::Say => {
                format!("a message has {MAX_BODY_CHARS} characters in {MAX_BODY_BYTES} bytes")
            }
            Self::PutOut(_) | Self::Request | Self::Deny => {
                format!("a reason has {MAX_REASON_CHARS} characters")
            }
            Self::SetTopic => format!("a topic has {MAX_TOPIC_CHARS} characters"),
            Self::SetName => format!("a display name has {MAX_DISPLAY_NAME_COLUMNS} columns"),
            Self::SlowDown => format!("slow mode has {SLOW_SECS_MAX} seconds, which is a day,"),
            Self::Search => format!("what is searched for has {MAX_LABEL_BYTES} bytes"),
            Self::GiveRole(_)
            | Self::Withdraw
            | Self::LetIn
            | Self::Enter
            | Self::Block
            | Self::SignUpByCode
            | Self::ListAfter
            | Self::Other => return None,
        };
        Some(format!("{limit} at most"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal_of;
    use super::*;

    #[test]
    fn a_refusal_says_what_it_means_for_what_was_asked() {
        let whom = |user: &str| user.to_owned();
        for (doing, code, wait, says) in [
            (Doing::PutOut(whom("bob")), Code::NotAMember, 0, "bob is not a member, or you"),
            (Doing::PutOut(whom("Alice")), Code::NotPermitted, 0, "nobody can put themselves out"),
            (Doing::PutOut(whom("bob")), Code::NotPermitted, 0, "only admins and the owner"),
            (Doing::GiveRole(whom("alice")), Code::NotPermitted, 0, "that cannot be done to one"),
            (Doing::GiveRole(whom("bob")), Code::TooMany, 0, "the room has as many admins"),
            (Doing::Enter, Code::TooMany, 0, "you are in as many rooms"),
            (Doing::Request, Code::RateLimited, 86_399_000, "your request was denied"),
            (Doing::Request, Code::RateLimited, 3_600_001, "your request was denied"),
            (Doing::Request, Code::RateLimited, 3_600_000, "you have asked too often, or your"),
            (Doing::Request, Code::RateLimited, 5_000, "you have asked too often, or your"),
            (Doing::ListAfter, Code::BadRequest, 0, "what stands behind --after"),
            (Doing::Say, Code::TooLong, 0, "a message has 4000 characters in 16384 bytes at most;"),
            (Doing::Deny, Code::TooLong, 0, "a reason has 200 characters at most; shorten it"),
            (Doing::SetTopic, Code::TooLong, 0, "a topic has 300 characters at most; shorten it"),
            (Doing::SetName, Code::TooLong, 0, "a display name has 48 columns at most;"),
            (Doing::SlowDown, Code::TooLong, 0, "slow mode has 86400 seconds, which is a day, at"),
            (Doing::Search, Code::TooLong, 0, "what is searched for has 512 bytes at most;"),
            (Doing::Enter, Code::TooLong, 0, "that is longer than the server takes; shorten it"),
            (Doing::Other, Code::BadRequest, 0, "the server does not understand"),
        ] {
            let refusal = Refusal { retry_after_ms: Some(wait), ..code.into() };
            let words = refusal_of(&doing, &refusal, "alice");
            assert!(words.starts_with(says), "{doing:?}: {words}");
        }
    }
}
