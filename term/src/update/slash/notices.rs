//! `/notices`: what one was told of, listed, read and taken away.

use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::WhichNotifications;
use parlor_protocol::request::Command as Change;

use super::{show, typed, word};
use crate::model::{Deed, Listing, Model};
use crate::update::{Intent, error};

const USAGE: &str =
    "/notices lists them; /notices read 7, /notices dismiss 7, or all in place of 7.";

pub(super) fn run(model: &mut Model, what: &str) -> Vec<Intent> {
    let (verb, rest) = word(what);
    if verb.is_empty() {
        return show(model, Listing::Notifications);
    }
    let id = match rest {
        "all" => Some(None),
        number => number.parse().ok().map(|number| Some(NotificationId(number))),
    };
    let (deed, done) = match (verb, id) {
        ("read", Some(id)) => {
            (Change::ReadNotifications(WhichNotifications { id }), "marked as read")
        }
        ("dismiss", Some(id)) => {
            (Change::DismissNotifications(WhichNotifications { id }), "taken away")
        }
        _ => {
            error(model, USAGE);
            return Vec::new();
        }
    };
    let which = if rest == "all" { "All notices are".into() } else { format!("Notice {rest} is") };
    typed(model, Deed::Change(deed), Some(format!("{which} {done}.")))
}
