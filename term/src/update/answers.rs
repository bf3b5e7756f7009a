//! What the server's answers do: to the list they fill, to the form that waits, to what was typed.

use parlor_protocol::entry::{FormerRoom, Rejoin};
use parlor_protocol::refusal::Code;

use super::reading::read_mentions;
use super::{Intent, NOT_CONNECTED, ask_page, error, form, hint};
use crate::model::{
    AskId, Asked, AskedFrom, FORMER_MAX, Listing, Model, More, NOTICES_MAX, Popup, ROWS_MAX, Row,
};

/// What a list says that was being fetched when the connection was lost.
const LIST_LOST: &str = "The connection was lost; the list is fetched when it is back.";

/// A page of a list has come.
pub(super) fn page(
    model: &mut Model,
    listing: &Listing,
    after: Option<&str>,
    rows: Vec<Row>,
    more: More,
) -> Vec<Intent> {
    let mut intents = Vec::new();
    if after.is_none() {
        intents.extend(fill_panes(model, listing, &rows));
    }
    let Some(list) = model.list_mut(listing) else { return intents };
    if after.is_none() {
        // What is chosen stays so, wherever it stands now: a key must not meet another row.
        let chosen = list.row().and_then(|chosen| rows.iter().position(|row| row.is_same(chosen)));
        let sought = list.sought.take().and_then(|room| {
            rows.iter().position(|row| row.former().is_some_and(|former| former.room == room))
        });
        let chosen = sought.or(chosen);
        list.chosen = chosen.unwrap_or(list.chosen);
        list.rows = rows;
    } else {
        list.rows.extend(rows);
    }
    list.more = if list.rows.len() < ROWS_MAX { more } else { More::Nothing };
    list.rows.truncate(ROWS_MAX);
    list.chosen = list.chosen.min(list.rows.len().saturating_sub(1));
    intents
}

/// Takes the first page of a list of which a part is seen in the panes at all times.
fn fill_panes(model: &mut Model, listing: &Listing, rows: &[Row]) -> Vec<Intent> {
    if *listing == Listing::FormerRooms {
        let by_oneself = |former: &&FormerRoom| match former.rejoin {
            Rejoin::Now | Rejoin::Request => true,
            Rejoin::Invite | Rejoin::No | Rejoin::Unknown => false,
        };
        let former = rows.iter().filter_map(Row::former).filter(by_oneself);
        model.former = former.take(FORMER_MAX).cloned().collect();
    }
    if *listing != Listing::Notifications {
        return Vec::new();
    }
    let listed: Vec<_> = rows.iter().filter_map(Row::notice).cloned().collect();
    // What one was told of while the list was on its way is not in it. Numbers only grow.
    let newest = listed.first().map(|notice| notice.id);
    model.notices.retain(|notice| newest.is_some_and(|newest| notice.id > newest));
    model.notices.extend(listed);
    model.notices.truncate(NOTICES_MAX);
    read_mentions(model)
}

/// A page of a list was refused.
pub(super) fn no_page(model: &mut Model, listing: &Listing, why: String) {
    match model.list_mut(listing) {
        Some(list) => {
            list.more = More::Nothing;
            list.error = Some(why);
        }
        // What fills the panes is asked for again at the next connection.
        None if matches!(listing, Listing::Notifications | Listing::FormerRooms) => {}
        None => error(model, why),
    }
}

/// Asks for a list anew, where it is shown.
pub(super) fn refresh(model: &mut Model, listing: &Listing) -> Vec<Intent> {
    match model.list_mut(listing) {
        Some(list) => {
            list.more = More::Asked;
            vec![ask_page(listing.clone(), None)]
        }
        None => Vec::new(),
    }
}

/// Asks anew for the lists that could not be fetched while there was no connection.
pub(super) fn fetch_again(model: &mut Model) -> Vec<Intent> {
    let mut intents = Vec::new();
    for popup in &mut model.popups {
        if let Popup::List(list) = popup
            && matches!(list.error.as_deref(), Some(LIST_LOST | NOT_CONNECTED))
        {
            list.error = None;
            list.more = More::Asked;
            intents.push(ask_page(list.listing.clone(), None));
        }
    }
    intents
}

/// What was asked is done.
pub(super) fn done(model: &mut Model, id: AskId) -> Vec<Intent> {
    let Some(asked) = take(model, id) else { return Vec::new() };
    if let Some(text) = asked.done {
        hint(model, text);
    }
    match asked.from {
        AskedFrom::Form => {
            let waits =
                |popup: &Popup| matches!(popup, Popup::Form(form) if form.asked == Some(id));
            model.popups.retain(|popup| !waits(popup));
            model.closed_forms.retain(|form| form.asked != Some(id));
        }
        AskedFrom::Typed(_) | AskedFrom::List | AskedFrom::Key => {}
    }
    // What lies open shows what became of it.
    match model.popup() {
        Some(Popup::List(list)) => {
            let listing = list.listing.clone();
            refresh(model, &listing)
        }
        Some(Popup::Help { .. } | Popup::GoTo(_) | Popup::Form(_) | Popup::Question(_)) | None => {
            Vec::new()
        }
    }
}

/// What was asked is not done.
pub(super) fn failed(model: &mut Model, id: AskId, code: Option<Code>, why: String) {
    let Some(asked) = take(model, id) else { return };
    match asked.from {
        AskedFrom::Typed(typed) => {
            if model.input.is_empty() {
                model.input.insert(&typed);
            }
            error(model, why);
        }
        AskedFrom::Form => form::refused(model, id, code, why),
        AskedFrom::List => match model.popups.last_mut() {
            Some(Popup::List(list)) => list.error = Some(why),
            Some(Popup::Help { .. } | Popup::GoTo(_) | Popup::Form(_) | Popup::Question(_))
            | None => error(model, why),
        },
        AskedFrom::Key => error(model, why),
    }
}

/// The connection is gone: what was asked over it is not answered any more.
pub(super) fn lost(model: &mut Model) {
    for asked in std::mem::take(&mut model.asked) {
        let (id, why) = (
            asked.id,
            "The connection was lost before the server answered; it may have been done.",
        );
        model.asked.push(asked);
        failed(model, id, None, why.to_owned());
    }
    for popup in &mut model.popups {
        if let Popup::List(list) = popup
            && list.more == More::Asked
        {
            list.more = More::Nothing;
            list.error = Some(LIST_LOST.to_owned());
        }
    }
}

fn take(model: &mut Model, id: AskId) -> Option<Asked> {
    let place = model.asked.iter().position(|asked| asked.id == id)?;
    Some(model.asked.remove(place))
}
