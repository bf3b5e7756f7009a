//! What the user wants done, asked of the server.

use parlor_protocol::entry::{RequestToJoin, Withdraw};
use parlor_protocol::id::RoomId;
use parlor_protocol::name::has_room_id_form;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::request::Command;
use parlor_protocol::room::{FindRoom, JoinRoom, RoomRef};

use crate::model::{Deed, Then};
use crate::net::{CallError, Change, Client};

/// Does what was asked; its effects come as news.
pub(super) async fn done(client: &Client, deed: Deed) -> Result<(), CallError> {
    let command = match deed {
        Deed::Change(command) => command,
        Deed::Find { room, then } => {
            let room = find(client, &room).await?;
            match then {
                Then::Join { leave } => Command::JoinRoom(JoinRoom { room, leave }),
                Then::Request(reason) => Command::RequestToJoin(RequestToJoin { room, reason }),
                Then::Withdraw => Command::Withdraw(Withdraw { room }),
            }
        }
    };
    client.ask(Change(command)).await
}

/// The room that the user means: a string in the hyphenated form is an ID, otherwise a title is
/// tried first, then an ID.
async fn find(client: &Client, named: &str) -> Result<RoomId, CallError> {
    let id = named.parse::<RoomId>().ok();
    if let Some(id) = id.filter(|_| has_room_id_form(named)) {
        return Ok(id);
    }
    let by_title = FindRoom { room: Record(RoomRef::Title(named.to_owned())) };
    match (client.ask(by_title).await, id) {
        (Ok(room), _) => Ok(room.room),
        // What is no title, such as one that is too long, may yet be an ID.
        (
            Err(CallError::Refused(Refusal { code: Code::NoSuchRoom | Code::BadTitle, .. })),
            Some(id),
        ) => Ok(id),
        (Err(error), _) => Err(error),
    }
}
