//! What the mouse points at, or what Enter means where no list is: it is shown in its list, with what
//! can be done with it.

use parlor_protocol::id::{NotificationId, RoomId, Timestamp};
use parlor_protocol::room;

use super::{Intent, popups};
use crate::keymap::Action;
use crate::model::{GoTo, Listing, Model, Popup, Row};

/// Something that can be pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pointed {
    /// A member of the room that is shown.
    Member(String),
    /// Something that one is told of.
    Notice(NotificationId),
    /// A former room.
    Former(RoomId),
    /// A row of the list that lies on top.
    Row(usize),
}

/// Shows what was pointed at.
pub(super) fn at(model: &mut Model, pointed: Pointed) -> Vec<Intent> {
    match pointed {
        Pointed::Member(user) => {
            let Some(room) = model.here else { return Vec::new() };
            let members = model.room(room).map(|room| room.members.as_slice()).unwrap_or_default();
            let rows = members.iter().filter_map(|member| {
                Some(Row::Member(room::Member {
                    user: member.user.parse().ok()?,
                    role: member.role,
                    // The list comes with it; it is not shown before.
                    joined_at: Timestamp(0),
                    online: member.online,
                    display_name: member.display_name.as_ref().and_then(|name| name.parse().ok()),
                }))
            });
            let rows: Vec<_> = rows.collect();
            let is_it =
                |row: &Row| matches!(row, Row::Member(member) if member.user.as_str() == user);
            show(model, Listing::Members(room), rows, is_it)
        }
        Pointed::Notice(id) => {
            let rows = model.notices.iter().cloned().map(Row::Notification).collect();
            let is_it = |row: &Row| row.notice().is_some_and(|notice| notice.id == id);
            show(model, Listing::Notifications, rows, is_it)
        }
        Pointed::Former(id) => {
            let rows = model.former.iter().cloned().map(Row::Former).collect();
            let is_it = |row: &Row| row.former().is_some_and(|former| former.room == id);
            show(model, Listing::FormerRooms, rows, is_it)
        }
        Pointed::Row(place) => choose(model, place),
    }
}

/// Shows a list with what is known of it and one row chosen, until the server's answer comes.
fn show(
    model: &mut Model,
    listing: Listing,
    rows: Vec<Row>,
    is_it: impl Fn(&Row) -> bool,
) -> Vec<Intent> {
    let intents = popups::show(model, listing);
    if !intents.is_empty()
        && let Some(Popup::List(list)) = model.popups.last_mut()
    {
        list.chosen = rows.iter().position(is_it).unwrap_or(0);
        list.rows = rows;
    }
    intents
}

/// Chooses a row; does with the chosen one what Enter does.
fn choose(model: &mut Model, place: usize) -> Vec<Intent> {
    let chosen = match model.popups.last_mut() {
        Some(Popup::List(list)) if place < list.rows.len() => &mut list.chosen,
        Some(Popup::GoTo(GoTo { chosen, .. })) => chosen,
        Some(Popup::List(_) | Popup::Help { .. } | Popup::Form(_) | Popup::Question(_)) | None => {
            return Vec::new();
        }
    };
    if std::mem::replace(chosen, place) == place {
        return popups::act(model, Action::Enter).unwrap_or_default();
    }
    Vec::new()
}
