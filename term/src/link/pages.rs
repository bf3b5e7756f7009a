//! Pages of the lists that lie over the conversation.

use std::collections::VecDeque;

use parlor_protocol::entry::{ListInvites, ListOfRoom, ListOwn};
use parlor_protocol::record::Record;
use parlor_protocol::room::{ListMembers, ListRooms, Scope};

use crate::model::{Listing, More, ROWS_MAX, Row};
use crate::net::{
    CallError, Client, ListBans, ListBlocks, ListFormerRooms, ListNotifications, ListRequests,
};

/// How many rows a page has.
const ROWS: u32 = 50;
/// The most pages that a list is fetched in that is fetched whole: a server has 1,000 notifications
/// of a user, which are some ten pages.
const PAGES_MAX: usize = 50;

/// Fetches a page of a list: its rows, and whether there are more.
pub(super) async fn fetch(
    client: &Client,
    listing: &Listing,
    after: Option<String>,
) -> Result<(Vec<Row>, More), CallError> {
    let limit = ROWS;
    let own = ListOwn { after: after.clone(), limit };
    let of = |room| ListOfRoom { room, after: after.clone(), limit };
    let (rows, next) = match listing {
        Listing::Rooms { search } => {
            let search = search.clone();
            let page = ListRooms { scope: Scope::Public, search, after, limit };
            let page = client.ask(page).await?;
            (rows(page.rooms, Row::Room), page.next)
        }
        Listing::FormerRooms => {
            let page = client.ask(ListFormerRooms(own)).await?;
            (rows(page.rooms, Row::Former), page.next)
        }
        Listing::Requests(room) => {
            let page = client.ask(ListRequests(of(*room))).await?;
            (rows(page.requests, Row::Request), page.next)
        }
        Listing::Invites(room) => {
            let page = client.ask(ListInvites { room: *room, after, limit }).await?;
            (rows(page.invites, Row::Invite), page.next)
        }
        Listing::Bans(room) => {
            let page = client.ask(ListBans(of(*room))).await?;
            (rows(page.bans, Row::Ban), page.next)
        }
        Listing::Members(room) => {
            let page = client.ask(ListMembers { room: *room, after, limit }).await?;
            (rows(page.members, Row::Member), page.next)
        }
        Listing::Blocks => {
            let page = client.ask(ListBlocks(own)).await?;
            (rows(page.blocks, Row::Block), page.next)
        }
        Listing::Devices => (rows(client.devices().await?.devices, Row::Device), None),
        // The server has the oldest first, and not many: so they are fetched whole and turned round.
        Listing::Notifications => (notifications(client).await?, None),
    };
    Ok((rows, next.map_or(More::Nothing, More::From)))
}

/// All notifications, the newest first.
async fn notifications(client: &Client) -> Result<Vec<Row>, CallError> {
    let mut listed = VecDeque::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = client.ask(ListNotifications(ListOwn { after, limit: 0 })).await?;
        for Record(notification) in page.notifications {
            listed.push_front(Row::Notification(notification));
        }
        listed.truncate(ROWS_MAX);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(listed.into())
}

fn rows<T>(records: Vec<Record<T>>, row: fn(T) -> Row) -> Vec<Row> {
    records.into_iter().map(|Record(record)| row(record)).collect()
}
