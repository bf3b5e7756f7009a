//! What the client says for what the wire says in codes.

use parlor_protocol::refusal::Code;
use parlor_protocol::reply::CloseReason;

/// What a refusal means and what to do, as a sentence without its full stop.
pub(crate) fn sentence(code: Code) -> &'static str {
    match code {
        Code::BadRequest => {
            "the server does not understand this request; update parlor or the server"
        }
        Code::LoginRequired => "only who is logged in may do this; log in first",
        Code::BadCredentials => {
            "no user with this name and password or device; check both, or sign up"
        }
        Code::Disabled => "the account is disabled; ask an operator of this server",
        Code::SignUpClosed => {
            "this server takes no sign-ups; ask its operator to add you with `parlord user add`"
        }
        Code::NameTaken => "the name belongs to somebody, or did; choose another",
        Code::BadName => {
            "not a user name: use 2 to 32 of a-z 0-9 . _ -, beginning with a letter, ending in a \
             letter or digit"
        }
        Code::WeakPassword => {
            "the password is too weak for this server; use at least 10 characters"
        }
        Code::NoSuchRoom => "there is no such room; `rooms` lists those that you can join",
        Code::NoSuchUser => "there is no such user; check the name",
        Code::NotPermitted => "you may not do this here; ask the room's owner or an operator",
        Code::RoomTerminated => "the room has ended for good",
        Code::NotAMember => {
            "this is for members of the room; `join` it first, or see in `members` who is one"
        }
        Code::AlreadyAMember => "you are in this room already",
        Code::TitleTaken => {
            "the title belongs to a room, or looks like one that does; choose another"
        }
        Code::BadTitle => {
            "not a title: use 1 to 48 columns without control characters, and not the form of a \
             room ID"
        }
        Code::TooLong => "that is longer than the server takes; shorten it",
        Code::Empty => "there is nothing to send",
        Code::StaleNonce => {
            "the nonce is more than 7 days old or ahead of the server's clock; send without it if \
             the message was not taken before"
        }
        Code::TooOld => "the server no longer knows that far back; begin with what it has",
        Code::Busy => "the server has too much to do; try again in a moment",
        Code::TooMany => "a limit of this server on how many is reached",
        Code::NoSuchDevice => "you have no device of that number; `devices` lists them",
        Code::Unavailable => "the server's store is full or failing; try again later",
        Code::Unknown => "the server gave a reason that this version does not know; update parlor",
    }
}

/// Why a server closed the connection, as a sentence without its full stop.
pub(crate) fn closing(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::ShuttingDown => "the server is shutting down; try again soon",
        CloseReason::ProtocolViolation => {
            "one side does not keep to the protocol; update parlor or the server"
        }
        CloseReason::UnsupportedVersion => {
            "the server speaks no version of the protocol that this parlor speaks; update parlor \
             or the server"
        }
        CloseReason::FrameTooLong => "the server was sent more at once than it takes",
        CloseReason::TimedOut => "the server waited too long for the login; try again",
        CloseReason::SlowConsumer => "news came faster than they could be taken",
        CloseReason::Revoked => "this device was revoked; log in again with the password",
        CloseReason::Unavailable => "the server's store failed; try again later",
        CloseReason::TooManyConnections => "the server has too many connections; try again later",
        CloseReason::Unknown => {
            "the server closed the connection for a reason that this version does not know"
        }
    }
}
