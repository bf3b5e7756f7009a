//! Asking the server: what is asked has a name, by which its answer comes.

use parlor_protocol::request::Command;

use super::{Ask, Intent, NOT_CONNECTED, error};
use crate::model::{AskId, Asked, AskedFrom, Deed, Link, Listing, Model};

/// Asks the server where there is a connection; where there is none, nothing is taken away.
pub(super) fn ask(
    model: &mut Model,
    deed: Deed,
    from: AskedFrom,
    done: Option<String>,
) -> Vec<Intent> {
    let done = done.or_else(|| of_history(&deed, &from).map(str::to_owned));
    let Some(id) = name_ask(model, from, done) else { return Vec::new() };
    if let Some(asked) = model.asked.last_mut() {
        asked.enters = deed.enters();
    }
    vec![Intent::Ask(Ask::Do { id, deed: Box::new(deed) })]
}

/// Who reads what is said in the room that is made or entered by this; a form has said so before.
fn of_history(deed: &Deed, from: &AskedFrom) -> Option<&'static str> {
    if *from == AskedFrom::Form || !deed.enters() {
        return None;
    }
    Some(match deed {
        Deed::Change(Command::CreateRoom(_)) => {
            "Whoever comes in later reads everything, also what was said before."
        }
        Deed::Change(_) | Deed::Find { .. } => {
            "Members read everything here, also what was said before they came."
        }
    })
}

/// Gives a name to what is about to be asked, where there is a connection.
pub(super) fn name_ask(model: &mut Model, from: AskedFrom, done: Option<String>) -> Option<AskId> {
    model.armed = None;
    match model.link {
        Link::Online { .. } => {
            let id = model.next_ask;
            model.next_ask = AskId(id.0 + 1);
            model.asked.push(Asked { id, from, enters: false, done });
            Some(id)
        }
        Link::Connecting | Link::Waiting { .. } | Link::Over { .. } => {
            error(model, NOT_CONNECTED);
            None
        }
    }
}

/// Asks for a page of a list.
pub(super) fn ask_page(listing: Listing, after: Option<String>) -> Intent {
    Intent::Ask(Ask::Page { listing, after })
}
