//! Records of who logged in, who tried to, and the ends of sessions.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;

use super::{AuditRecord, LoginBy, Origin};
use crate::penalties::Guessing;

/// The record of a login that succeeded; `user` is who logged in.
pub(crate) fn logged_in(
    origin: &Origin<'_>,
    user: &UserName,
    by: LoginBy,
    at: Timestamp,
) -> AuditRecord {
    AuditRecord::new(at, "login", origin).acting(user.as_str()).about(user.as_str()).by(by)
}

/// The record of a login that failed; `user` is the name that was tried, known or not.
pub(crate) fn login_failed(
    origin: &Origin<'_>,
    user: &UserName,
    by: LoginBy,
    at: Timestamp,
) -> AuditRecord {
    let failed = AuditRecord::new(at, "login", origin).about(user.as_str()).by(by);
    failed.refused(Code::BadCredentials)
}

/// The record of a sign-up by a code that is none; `user` is the name that was to be had. What was
/// tried as a code stands in no record: it may be right but for a letter.
pub(crate) fn bad_code(origin: &Origin<'_>, user: &UserName, at: Timestamp) -> AuditRecord {
    AuditRecord::new(at, "signed-up", origin).about(user.as_str()).refused(Code::BadCode)
}

/// The record of more failed logins than people have, where `name` is the last that was tried.
pub(crate) fn guessing(
    origin: &Origin<'_>,
    name: &UserName,
    what: Guessing,
    at: Timestamp,
) -> AuditRecord {
    let action = match what {
        Guessing::ByAddress => "suspicious-logins-by-address",
        Guessing::OnName => "suspicious-logins-on-name",
        Guessing::SignUps => "suspicious-sign-ups",
    };
    AuditRecord::new(at, action, origin).about(name.as_str())
}

/// The record of somebody who has proved to be a user who is not let in.
pub(crate) fn kept_out(
    origin: &Origin<'_>,
    user: &UserName,
    by: LoginBy,
    code: Code,
    at: Timestamp,
) -> AuditRecord {
    AuditRecord::new(at, "login", origin).about(user.as_str()).by(by).refused(code)
}

/// The record of the end of a session in which `user` was logged in.
pub(crate) fn session_ended(origin: &Origin<'_>, user: &UserName, at: Timestamp) -> AuditRecord {
    let ended = AuditRecord::new(at, "session-ended", origin);
    ended.acting(user.as_str()).about(user.as_str())
}
