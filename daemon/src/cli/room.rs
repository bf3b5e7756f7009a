//! `parlord room`: which rooms there are, who is in them, whose they are, and their end.

use std::io::{self, Write};

use anyhow::bail;
use clap::Subcommand;
use parlor_protocol::name::UserName;
use parlor_protocol::text::{Topic, printable, quote_json};

use super::link::{Link, NONSENSE};
use super::listing::{Form, or_null};
use crate::audit::rfc3339;
use crate::config::Config;
use crate::control::{Act, ListedMember, ListedRoom, Request, Response};

#[derive(Debug, Subcommand)]
pub(super) enum RoomCommand {
    /// List all rooms by title, private ones too
    List,
    /// Show one room and who is in it
    Show {
        /// Its title or ID
        room: String,
    },
    /// Hand a room whose owner has vanished to one of its members
    Transfer {
        /// Its title or ID
        room: String,
        /// The member
        user: UserName,
    },
    /// End a room for good, whoever is in it
    Terminate {
        /// Its title or ID
        room: String,
    },
}

/// Does what was asked for.
pub(super) async fn run(config: &Config, command: RoomCommand, form: Form) -> anyhow::Result<()> {
    match command {
        RoomCommand::List => list(config, form).await,
        RoomCommand::Show { room } => show(config, room, form).await,
        RoomCommand::Transfer { room, user } => {
            change(config, room, form, |room| Act::TransferRoom { room, user }).await
        }
        RoomCommand::Terminate { room } => change(config, room, form, Act::TerminateRoom).await,
    }
}

/// Changes a room, and prints for scripts what it is then.
async fn change(
    config: &Config,
    named: String,
    form: Form,
    act: impl FnOnce(String) -> Act,
) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    match form {
        Form::Columns => daemon.change(Request::Act(act(named))).await,
        Form::Json => {
            // A room that has ended has no title to be found by.
            let Response::Room(id) = daemon.ask(Request::RoomFind(named)).await? else {
                bail!(NONSENSE)
            };
            daemon.change(Request::Act(act(id.to_string()))).await?;
            let shown = daemon.ask(Request::RoomShow(id)).await?;
            let Response::ShownRoom(shown) = shown else { bail!(NONSENSE) };
            Ok(writeln!(io::stdout(), "{}", room_json(&shown))?)
        }
    }
}

async fn list(config: &Config, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let mut out = io::stdout().lock();
    let mut after = None;
    loop {
        let page = daemon.ask(Request::RoomList { after }).await?;
        let Response::Rooms { rooms, next } = page else { bail!(NONSENSE) };
        rooms.iter().try_for_each(|room| writeln!(out, "{}", room_line(room, form)))?;
        if next.is_none() {
            return Ok(out.flush()?);
        }
        after = next;
    }
}

async fn show(config: &Config, named: String, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let Response::Room(id) = daemon.ask(Request::RoomFind(named)).await? else { bail!(NONSENSE) };
    let shown = daemon.ask(Request::RoomShow(id)).await?;
    let Response::ShownRoom(shown) = shown else { bail!(NONSENSE) };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", shown_room(&shown, form))?;
    // Of a large room that has just ended the store has members for a while, who are none.
    if shown.terminated_at.is_some() {
        return Ok(out.flush()?);
    }
    let mut after = 0;
    loop {
        let page = daemon.ask(Request::RoomMembers { room: id, after }).await?;
        let Response::Members(members) = page else { bail!(NONSENSE) };
        let Some(last) = members.last() else { return Ok(out.flush()?) };
        after = last.joined;
        let line = |member| member_line(&shown, member, form);
        members.iter().try_for_each(|member| writeln!(out, "{}", line(member)))?;
    }
}

fn room_line(room: &ListedRoom, form: Form) -> String {
    match form {
        Form::Columns => {
            let ListedRoom { room: id, title, visibility, entry, members, owner, .. } = room;
            let owner = owner.as_ref().map_or("-", UserName::as_str);
            let line =
                format!("{id}  {members:>6}  {visibility:<7}  {entry:<4}  {owner:<32}  {title}");
            printable(&line).into_owned()
        }
        Form::Json => room_json(room),
    }
}

/// As clients show rooms to those who are not in them, and what only operators see.
fn room_json(shown: &ListedRoom) -> String {
    let ListedRoom { room, title, topic, visibility, entry, members, .. } = shown;
    let topic = or_null(topic.as_ref().map(Topic::as_str));
    let owner = or_null(shown.owner.as_ref().map(UserName::as_str));
    let ended = or_null(shown.terminated_at.map(rfc3339).as_deref());
    format!(
        r#"{{"type":"room","room":"{room}","title":{},"topic":{topic},"visibility":"{visibility}","entry":"{entry}","members":{members},"role":null,"last_seq":null,"unread":null,"mentions":null,"owner":{owner},"created_at":"{}","terminated_at":{ended}}}"#,
        quote_json(title),
        rfc3339(shown.created_at)
    )
}

fn shown_room(shown: &ListedRoom, form: Form) -> String {
    match form {
        Form::Columns => {
            let ListedRoom { room, title, visibility, entry, members, .. } = shown;
            let topic = shown.topic.as_ref().map_or("-", Topic::as_str);
            let state = match shown.terminated_at {
                None => "live".to_owned(),
                Some(at) => format!("terminated {}", rfc3339(at)),
            };
            let lines = [
                format!("room        {room}"),
                format!("title       {title}"),
                format!("topic       {topic}"),
                format!("visibility  {visibility}"),
                format!("entry       {entry}"),
                format!("created     {}", rfc3339(shown.created_at)),
                format!("state       {state}"),
                format!("members     {members}"),
            ];
            lines.map(|line| printable(&line).into_owned()).join("\n")
        }
        Form::Json => room_json(shown),
    }
}

/// Nobody says here who is connected: `parlord session list` does.
fn member_line(room: &ListedRoom, member: &ListedMember, form: Form) -> String {
    let ListedMember { user, role, joined_at, joined: _ } = member;
    let since = rfc3339(*joined_at);
    match form {
        Form::Columns => format!("  {user:<32}  {role:<6}  {since}"),
        Form::Json => format!(
            r#"{{"type":"member","room":"{}","user":"{user}","role":"{role}","joined_at":"{since}","online":null}}"#,
            room.room
        ),
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::Timestamp;

    use super::*;

    fn room(title: &str, topic: Option<&str>) -> ListedRoom {
        ListedRoom {
            room: "kx4f9-2mqa7".parse().unwrap(),
            title: title.to_owned(),
            topic: topic.map(|topic| topic.parse().unwrap()),
            visibility: "public".to_owned(),
            entry: "ask".to_owned(),
            members: 3,
            owner: Some("alice".parse().unwrap()),
            created_at: Timestamp(1_795_377_632_123),
            terminated_at: None,
        }
    }

    #[test]
    fn rooms_are_listed_for_people_and_for_scripts() {
        let ended = ListedRoom {
            owner: None,
            members: 0,
            terminated_at: Some(Timestamp(1_795_464_032_123)),
            ..room("old", None)
        };
        let rooms = [room("ops \u{202E}", Some("\"plans\" \u{202E}")), ended];
        let lines = rooms
            .iter()
            .flat_map(|room| [Form::Columns, Form::Json].map(|form| room_line(room, form)));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
        kx4f9-2mqa7       3  public   ask   alice                             ops �
        {"type":"room","room":"kx4f9-2mqa7","title":"ops \u202e","topic":"\"plans\" \u202e","visibility":"public","entry":"ask","members":3,"role":null,"last_seq":null,"unread":null,"mentions":null,"owner":"alice","created_at":"2026-11-22T20:00:32.123Z","terminated_at":null}
        kx4f9-2mqa7       0  public   ask   -                                 old
        {"type":"room","room":"kx4f9-2mqa7","title":"old","topic":null,"visibility":"public","entry":"ask","members":0,"role":null,"last_seq":null,"unread":null,"mentions":null,"owner":null,"created_at":"2026-11-22T20:00:32.123Z","terminated_at":"2026-11-23T20:00:32.123Z"}
        "#);
    }

    #[test]
    fn one_room_is_shown_with_its_members() {
        let member = ListedMember {
            user: "alice".parse().unwrap(),
            role: "owner".to_owned(),
            joined_at: Timestamp(1_795_377_632_123),
            joined: 1,
        };
        let shown = room("ops", Some("plans\u{202E}"));
        let lines = [Form::Columns, Form::Json]
            .map(|form| [shown_room(&shown, form), member_line(&shown, &member, form)].join("\n"));
        insta::assert_snapshot!(lines.join("\n"), @r#"
        room        kx4f9-2mqa7
        title       ops
        topic       plans�
        visibility  public
        entry       ask
        created     2026-11-22T20:00:32.123Z
        state       live
        members     3
          alice                             owner   2026-11-22T20:00:32.123Z
        {"type":"room","room":"kx4f9-2mqa7","title":"ops","topic":"plans\u202e","visibility":"public","entry":"ask","members":3,"role":null,"last_seq":null,"unread":null,"mentions":null,"owner":"alice","created_at":"2026-11-22T20:00:32.123Z","terminated_at":null}
        {"type":"member","room":"kx4f9-2mqa7","user":"alice","role":"owner","joined_at":"2026-11-22T20:00:32.123Z","online":null}
        "#);
    }
}
