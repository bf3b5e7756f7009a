//! Pages of the lists that lie over the conversation.

use parlor_protocol::entry::{ListInvites, ListOfRoom, ListOwn};
use parlor_protocol::record::Record;
use parlor_protocol::room::{ListMembers, ListRooms, Scope};

use crate::model::{Listing, More, Row};
use crate::net::{
    CallError, Client, ListBans, ListBlocks, ListFormerRooms, ListNotifications, ListRequests,
};

/// How many rows a page has.
const ROWS: u32 = 50;

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
        Listing::Notifications => {
            let page = client.ask(ListNotifications(own)).await?;
            (rows(page.notifications, Row::Notification), page.next)
        }
    };
    Ok((rows, next.map_or(More::Nothing, More::From)))
}

fn rows<T>(records: Vec<Record<T>>, row: fn(T) -> Row) -> Vec<Row> {
    records.into_iter().map(|Record(record)| row(record)).collect()
}
