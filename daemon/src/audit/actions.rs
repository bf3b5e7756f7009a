//! What may happen, in the words by which the audit tells it apart.

use crate::rooms::{Standing, Status};

/// All there are. Each is explained to operators in the README, and is what `parlord audit
/// --action` takes.
pub(crate) const ACTIONS: &[&str] = &[
    "account-disabled",
    "account-enabled",
    "account-removed",
    "announced",
    "backed-up",
    "banned",
    "blocked",
    "code-ended",
    "code-made",
    "code-used",
    "config-reloaded",
    "departed",
    "device-added",
    "device-revoked",
    "display-name-set",
    "invite-ended",
    "invited",
    "joined",
    "login",
    "operator-granted",
    "operator-withdrawn",
    "password-restretched",
    "password-set",
    "request-ended",
    "requested",
    "restored",
    "role-changed",
    "room-created",
    "room-renamed",
    "room-terminated",
    "rooms-listed",
    "session-disconnected",
    "session-ended",
    "sign-up-approved",
    "sign-up-denied",
    "sign-up-mode-set",
    "sign-ups-listed",
    "signed-up",
    "slow-mode-changed",
    "suspicious-adds",
    "suspicious-flooding",
    "suspicious-logins-by-address",
    "suspicious-logins-on-name",
    "suspicious-network",
    "suspicious-overreaching",
    "suspicious-probing",
    "suspicious-removals",
    "suspicious-sign-ups",
    "topic-changed",
    "unbanned",
    "unblocked",
    "user-added",
];

/// What it is that makes a user's status another.
pub(super) fn status_changed(was: Status, status: Status) -> &'static str {
    match (was, status) {
        (Status::Waiting, Status::Active) => "sign-up-approved",
        (_, Status::Active) => "account-enabled",
        (_, Status::Denied) => "sign-up-denied",
        (_, Status::Disabled) => "account-disabled",
        (_, Status::Removed) => "account-removed",
        // Whoever waits has just signed up.
        (_, Status::Waiting) => "signed-up",
    }
}

/// What it is that makes a user's standing another.
pub(super) fn standing_changed(standing: Standing) -> &'static str {
    match standing {
        Standing::Operator => "operator-granted",
        Standing::Ordinary => "operator-withdrawn",
    }
}
