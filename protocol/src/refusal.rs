//! Why the server does not do what it was asked: codes and their data, never prose.

use crate::record::{wire_struct, wire_tag};
use crate::text::Reason;

wire_tag! {
    /// The closed list of reasons. Each has one meaning; the client owns the words.
    pub enum Code {
        /// The request makes no sense, such as an unknown command.
        BadRequest = "bad-request",
        /// Only who is logged in may ask this.
        LoginRequired = "login-required",
        /// No such user with this password or device.
        BadCredentials = "bad-credentials",
        /// The account is disabled.
        Disabled = "disabled",
        /// Only operators add users.
        SignUpClosed = "sign-up-closed",
        /// The name belongs to a user, or did.
        NameTaken = "name-taken",
        /// Not a user name.
        BadName = "bad-name",
        /// The password record or its cost is not acceptable.
        WeakPassword = "weak-password",
        /// There is no such room, or none that one may know of.
        NoSuchRoom = "no-such-room",
        /// The room has ended for good.
        RoomTerminated = "room-terminated",
        /// Only members may, or it can be done to members only.
        NotAMember = "not-a-member",
        /// One is in the room already.
        AlreadyAMember = "already-a-member",
        /// The title belongs to a live room, or looks like one that does.
        TitleTaken = "title-taken",
        /// Not a title.
        BadTitle = "bad-title",
        /// More than the limit.
        TooLong = "too-long",
        /// Nothing is left to send.
        Empty = "empty",
        /// The nonce is more than 7 days old or 10 minutes ahead.
        StaleNonce = "stale-nonce",
        /// What came after that revision is no longer known; begin with a snapshot.
        TooOld = "too-old",
        /// The server has too much to do; try again.
        Busy = "busy",
        /// A limit on how many is reached.
        TooMany = "too-many",
        /// One has no device of that number.
        NoSuchDevice = "no-such-device",
        /// The store failed or is full; nothing was changed, or a resend will tell.
        Unavailable = "unavailable",
        /// There is no such user.
        NoSuchUser = "no-such-user",
        /// It is not for whoever asks to do.
        NotPermitted = "not-permitted",
        /// One's sign-up waits for an operator.
        SignUpWaiting = "sign-up-waiting",
        /// An operator has denied one's sign-up.
        SignUpDenied = "sign-up-denied",
        /// The sign-up code is unknown, used up or expired.
        BadCode = "bad-code",
        /// The room takes members by request.
        RequestFirst = "request-first",
        /// There is no such room, or it is private and nobody has invited one.
        NotInvited = "not-invited",
        /// The user is banned from the room.
        Banned = "banned",
        /// The user does not want to be invited or added by whoever asks.
        Blocked = "blocked",
        /// One's request waits already.
        AlreadyRequested = "already-requested",
        /// One is invited already, and can join.
        AlreadyInvited = "already-invited",
        /// No request of that user waits.
        NoSuchRequest = "no-such-request",
        /// No invite of that user counts.
        NoSuchInvite = "no-such-invite",
        /// Too much in too short a time; wait.
        RateLimited = "rate-limited",
        /// The room is in slow mode; wait.
        SlowMode = "slow-mode",
        /// One has no notification of that number.
        NoSuchNotification = "no-such-notification",
        /// It does not fit into what may be stored: of one file, of one user, or of all.
        QuotaExceeded = "quota-exceeded",
        /// What was uploaded is not what its hash says.
        BadHash = "bad-hash",
        /// The room has no message of that number, or no longer.
        NoSuchMessage = "no-such-message",
        /// There is no such file, or no longer.
        NoSuchFile = "no-such-file",
        /// The server has no sticker of that name.
        NoSuchSticker = "no-such-sticker",
    }
}

wire_struct! {
    /// A refusal: nothing was changed.
    pub struct Refusal {
        /// Why.
        pub code: Code,
        /// How long to wait before it may be worth trying again, in milliseconds.
        pub retry_after_ms: Option<u32>,
        /// Why in the words of whoever decided, such as the operator who denied a sign-up.
        pub reason: Option<Reason>,
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, retry_after_ms: None, reason: None }
    }
}
