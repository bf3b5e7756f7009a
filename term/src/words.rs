//! What the client says for what the wire says in codes.

mod doing;
mod happened;
mod notice;

use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::CloseReason;
use parlor_protocol::text::{Reason, printable};

use crate::update::COMMANDS;

pub(crate) use self::doing::Doing;
pub(crate) use self::happened::{announced, banned, happened};
pub(crate) use self::notice::{Commands, exited, notice};

/// What a refusal means and what to do, with the reason that was given for it.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    let sentence = sentence(refusal.code);
    match &refusal.reason {
        Some(reason) => format!("{sentence}; the reason given: {}", printable(reason.as_str())),
        None => sentence.to_owned(),
    }
}

/// The same, in the words that fit what was asked by this user.
pub(crate) fn refusal_of(doing: &Doing, refused: &Refusal, me: &str) -> String {
    match (doing.sentence(refused, me), &refused.reason) {
        (Some(sentence), None) => sentence,
        _ => refusal(refused),
    }
}

/// The same of a refusal to log in.
pub(crate) fn not_in(refused: &Refusal) -> String {
    match refused.code {
        Code::RateLimited => {
            "there were too many failed logins, sign-ups or connections from your \
                              address, or failed logins under this name; use a device that has \
                              logged in before, or wait"
                .to_owned()
        }
        _ => refusal(refused),
    }
}

/// The same for whoever answers questions and has given no options.
pub(crate) fn at_the_door(refused: &Refusal) -> String {
    match refused.code {
        Code::BadCode => "not a sign-up code that counts: mistyped, used up or expired; sign up \
                          again, or ask an operator for another"
            .to_owned(),
        _ => not_in(refused) + &refused.retry_after_ms.map_or_else(String::new, wait),
    }
}

/// The same words for whoever gives commands behind a slash.
pub(crate) fn slashed(words: &str) -> String {
    let is_command = |word: &str| COMMANDS.iter().any(|command| command.name[1..] == *word);
    let pieces = words.split('`').enumerate().map(|(place, piece)| match place % 2 {
        1 if is_command(piece) => format!("/{piece}"),
        // The only one that is called otherwise there.
        1 if piece == "notifications" => "/notices".to_owned(),
        1 => format!("`{piece}`"),
        _ => piece.to_owned(),
    });
    pieces.collect()
}

/// What begins with a small letter and has no full stop, as a whole sentence.
pub(crate) fn whole(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// What a refusal means and how long to wait, as a whole sentence for whoever gives commands behind a
/// slash.
pub(crate) fn on_screen(words: &str, refusal: &Refusal) -> String {
    let wait = refusal.retry_after_ms.map_or_else(String::new, wait);
    whole(&format!("{}{wait}", slashed(words)))
}

/// How long to wait, as it follows a sentence.
pub(crate) fn wait(millis: u32) -> String {
    format!(" ({})", span(u64::from(millis.div_ceil(1_000))))
}

/// How long something lasts, rounded to what is near.
fn length(secs: u64) -> String {
    let near = |unit: u64| (secs + unit / 2) / unit;
    match (secs, near(60), near(60 * 60)) {
        (..=90, ..) => format!("{secs} s"),
        (_, minutes @ ..=90, _) => format!("{minutes} min"),
        (_, _, hours @ ..=72) => format!("{hours} h"),
        _ => format!("{} days", near(24 * 60 * 60)),
    }
}

/// How long something takes, rounded up.
pub(crate) fn span(secs: u64) -> String {
    match (secs, secs.div_ceil(60), secs.div_ceil(60 * 60)) {
        (..=90, ..) => format!("{secs} s"),
        (_, minutes @ ..=90, _) => format!("{minutes} min"),
        (_, _, hours @ ..=72) => format!("{hours} h"),
        (_, _, hours) => format!("{} days", hours.div_ceil(24)),
    }
}

/// A reason as it follows a sentence, or nothing.
fn behind(reason: Option<&Reason>) -> String {
    reason.map(|reason| format!(": {}", reason.as_str())).unwrap_or_default()
}

/// What a refusal means and what to do, as a sentence without its full stop.
#[expect(clippy::too_many_lines, reason = "one arm a code, so that none is forgotten")]
fn sentence(code: Code) -> &'static str {
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
        Code::NotPermitted => {
            "this takes a role that you do not have: admin or owner of the room, or operator of the \
             server"
        }
        Code::RoomTerminated => "the room has ended for good",
        Code::NotAMember => {
            "this is for members of the room; `join` it first, or see in `members` who is one"
        }
        Code::AlreadyAMember => "already in this room; nothing was changed",
        Code::TitleTaken => {
            "the title belongs to a room, or looks like one that does; choose another"
        }
        Code::BadTitle => {
            "not a title: use 1 to 48 columns without control characters, and not twice five \
             letters or digits with a hyphen between, which is a room ID"
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
        Code::SignUpWaiting => "an operator has to approve the sign-up first; try again later",
        Code::SignUpDenied => "an operator has denied the sign-up; ask them, or sign up again",
        Code::BadCode => {
            "this takes a sign-up code that is not used up or expired; give it with `--code`, or \
             ask an operator for one"
        }
        Code::RequestFirst => "the room takes members by request; ask with `request`",
        Code::NotInvited => {
            "there is no such room, or nobody has invited you; check the ID, or ask for an invite"
        }
        Code::Banned => "banned from this room; its admins can lift that with `unban`",
        Code::Blocked => {
            "the user has blocked you and takes no invites and adds of yours; let another admin \
             do it"
        }
        Code::AlreadyRequested => "the request waits for an admin already; `withdraw` ends it",
        Code::AlreadyInvited => "already invited; `join` enters the room by its ID",
        Code::NoSuchRequest => "no such request waits; `requests` lists those that do",
        Code::NoSuchInvite => "no such invite counts; `invites` lists those that do",
        Code::RateLimited => "that is too much in too short a time; wait, then go on",
        Code::SlowMode => "the room is in slow mode; wait before you go on",
        Code::NoSuchNotification => "you have no such notification; `notifications` lists them",
        Code::QuotaExceeded => {
            "that is more than the server stores of one file, one user or all; make it smaller, or \
             remove files that nobody needs"
        }
        Code::BadHash => "what arrived is not what was sent; send it again",
        Code::NoSuchMessage => "the room has no such message; `tail` shows those that there are",
        Code::NoSuchFile => "there is no such file, or no longer; ask for it to be sent again",
        Code::NoSuchSticker => "the server has no such sticker; check the name",
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
        CloseReason::TooManyConnections => {
            "the server has too many connections, in all or from your address; try again later"
        }
        CloseReason::Disabled => "your account was disabled; ask an operator of this server",
        CloseReason::Removed => "your account was removed; ask an operator of this server",
        CloseReason::Disconnected => "an operator of the server ended this session",
        CloseReason::Unknown => {
            "the server closed the connection for a reason that this version does not know"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_by_what_is_near() {
        let told = [1, 90, 91, 5_401, 7_200, 73 * 3_600, 86_400, 3 * 86_400, 7 * 86_400];
        let told = told.map(length).join(", ");
        assert_eq!(told, "1 s, 90 s, 2 min, 90 min, 2 h, 3 days, 24 h, 72 h, 7 days");
    }

    #[test]
    fn every_code_and_every_end_says_what_and_what_to_do() {
        for &code in Code::ALL {
            let sentence = sentence(code);
            assert!(sentence.len() > 15 && !sentence.ends_with('.'), "{code}: {sentence}");
        }
        for &reason in CloseReason::ALL {
            assert!(!closing(reason).ends_with('.'), "{reason}");
        }
    }

    #[test]
    fn commands_are_named_as_they_are_given_and_waits_in_words() {
        assert_eq!(
            slashed("there is none; `rooms` lists them, `--code` does not"),
            "there is none; /rooms lists them, `--code` does not"
        );
        let read = slashed(sentence(Code::NoSuchNotification));
        assert_eq!(read, "you have no such notification; /notices lists them");
        let waits = [480, 90_000, 91_000, 3_600_000, 7_200_000, 86_399_000].map(wait);
        let spans = [" (1 s)", " (90 s)", " (2 min)", " (60 min)", " (2 h)", " (24 h)"];
        assert_eq!(waits, spans);
    }

    #[test]
    fn a_reason_is_shown_and_cannot_hurt() {
        let reason = "we do not\u{202e} know you".parse().ok();
        let denied = Refusal { reason, ..Code::SignUpDenied.into() };
        assert_eq!(
            refusal(&denied),
            "an operator has denied the sign-up; ask them, or sign up again; the reason given: we \
             do not\u{fffd} know you"
        );
    }
}
