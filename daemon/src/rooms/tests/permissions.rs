//! The table of who may do what, each cell asked of a world in which the one who asks is just that.

use parlor_protocol::id::{Nonce, RoomId};

use super::scene::{START, Scene, add_user, create, device, password, send, sign_up};
use crate::rooms::{Actor, Command, UserId};

/// Someone, and the room of which they speak.
struct Asker {
    what: &'static str,
    actor: Actor,
    room: RoomId,
}

const STRANGER: usize = 0;

/// A world with one of each kind of asker, in the order of the table's columns.
fn stage() -> (Scene, [Asker; 10]) {
    let mut scene = Scene::new();
    let [owner, admin, member, former, outsider, gone] =
        scene.users(["owner", "admin", "member", "former", "outsider", "gone"]);
    let room = scene.create(owner, "live").unwrap();
    for user in [admin, member, former] {
        scene.join(user, room).unwrap();
    }
    scene.appoint(admin, room);
    scene.leave(former, room).unwrap();
    let dead = scene.create(gone, "dead").unwrap();
    scene.leave(gone, dead).unwrap();
    let unknown = RoomId::from_random(u64::MAX);
    for (key, user) in (1..).zip([owner, admin, member, former, outsider, gone]) {
        scene.act(Actor::User(user), &Command::AddDevice { device: device(key) }).unwrap();
    }
    let asker = |what, actor, room| Asker { what, actor, room };
    let askers = [
        asker("stranger", Actor::Stranger, room),
        asker("console", Actor::Console, room),
        asker("user of no room", Actor::User(outsider), unknown),
        asker("user of a terminated room", Actor::User(outsider), dead),
        asker("survivor", Actor::User(gone), dead),
        asker("outsider", Actor::User(outsider), room),
        asker("former member", Actor::User(former), room),
        asker("member", Actor::User(member), room),
        asker("admin", Actor::User(admin), room),
        asker("owner", Actor::User(owner), room),
    ];
    (scene, askers)
}

/// Declares the rows of the table. A new command without a row leaves the match below incomplete.
macro_rules! rows {
    ($($variant:ident: { $($command:expr => [$($cell:ident)*]),* $(,)? })*) => {
        fn rows() -> Vec<(&'static str, fn(&Asker) -> Command, [&'static str; 10])> {
            #[expect(dead_code, reason = "it is there to be complete")]
            fn every_command_has_a_row(command: &Command) {
                match command {
                    $(Command::$variant { .. } => {})*
                }
            }
            vec![$($((stringify!($variant), $command, [$(word(stringify!($cell))),*])),*),*]
        }
    };
}

fn word(cell: &'static str) -> &'static str {
    match cell {
        "ok" => "ok",
        "login" => "login-required",
        "not" => "not-permitted",
        "none" => "no-such-room",
        "ended" => "room-terminated",
        "out" => "not-a-member",
        "member" => "already-a-member",
        "nobody" => "no-such-user",
        other => panic!("no cell is {other}"),
    }
}

fn oneself(asker: &Asker) -> UserId {
    match asker.actor {
        Actor::User(user) => user,
        Actor::Stranger | Actor::Console => UserId(1),
    }
}

fn own_name(asker: &Asker) -> &'static str {
    match asker.what {
        name @ ("member" | "admin" | "owner") => name,
        "former member" => "former",
        "survivor" => "gone",
        _ => "outsider",
    }
}

fn promote(asker: &Asker, name: &str) -> Command {
    Command::Promote { room: asker.room, user: name.parse().unwrap() }
}

fn demote(asker: &Asker, name: &str) -> Command {
    Command::Demote { room: asker.room, user: name.parse().unwrap() }
}

fn transfer(asker: &Asker, name: &str) -> Command {
    Command::Transfer { room: asker.room, user: name.parse().unwrap() }
}

fn nobody() -> UserId {
    UserId(1_000)
}

//              stranger console unknown dead survivor outsider former member admin owner
rows! {
    SignUp: {
        |_| sign_up("new") => [ok not not not not not not not not not],
    }
    AddUser: {
        |_| add_user("new") => [login ok not not not not not not not not],
    }
    SetPassword: {
        |asker| Command::SetPassword { user: oneself(asker), password: password(), keep: None }
            => [login ok ok ok ok ok ok ok ok ok],
        |asker| Command::SetPassword {
            user: UserId(oneself(asker).0 % 6 + 1), password: password(), keep: None,
        } => [login ok not not not not not not not not],
    }
    Restretch: {
        |_| Command::Restretch { password: password() } => [login not ok ok ok ok ok ok ok ok],
    }
    AddDevice: {
        |_| Command::AddDevice { device: device(99) } => [login not ok ok ok ok ok ok ok ok],
    }
    RevokeDevice: {
        |_| Command::RevokeDevice { id: parlor_protocol::id::DeviceId(1) }
            => [login not ok ok ok ok ok ok ok ok],
    }
    CreateRoom: {
        |_| create("new") => [login not ok ok ok ok ok ok ok ok],
    }
    JoinRoom: {
        |asker| Command::JoinRoom { room: asker.room, leave: None }
            => [login not none none ended ok ok member member member],
        |asker| Command::JoinRoom { room: asker.room, leave: Some(asker.room) }
            => [login not none none ended out out member member member],
    }
    LeaveRoom: {
        |asker| Command::LeaveRoom { room: asker.room }
            => [login not none none ended out out ok ok ok],
    }
    Send: {
        |asker| send(asker.room, Nonce::new(START, [1; 10]))
            => [login not none none ended out out ok ok ok],
    }
    Promote: {
        |asker| promote(asker, "member") => [login not none none ended out out not not ok],
        |asker| promote(asker, "admin") => [login not none none ended out out not not ok],
        |asker| promote(asker, "owner") => [login not none none ended out out not not not],
        |asker| promote(asker, "former") => [login not none none ended out out not not out],
        |asker| promote(asker, "noone") => [login not none none ended out out not not nobody],
        |asker| promote(asker, own_name(asker))
            => [login not none none ended out out not not not],
    }
    Demote: {
        |asker| demote(asker, "member") => [login not none none ended out out ok not ok],
        |asker| demote(asker, "admin") => [login not none none ended out out not ok ok],
        |asker| demote(asker, "owner") => [login not none none ended out out not not not],
        |asker| demote(asker, "former") => [login not none none ended out out not not out],
        |asker| demote(asker, "noone") => [login not none none ended out out not not nobody],
        |asker| demote(asker, own_name(asker)) => [login not none none ended out out ok ok not],
    }
    Transfer: {
        |asker| transfer(asker, "member") => [login not none none ended out out not not ok],
        |asker| transfer(asker, "admin") => [login not none none ended out out not not ok],
        |asker| transfer(asker, "owner") => [login not none none ended out out not not ok],
        |asker| transfer(asker, "former") => [login not none none ended out out not not out],
        |asker| transfer(asker, "noone") => [login not none none ended out out not not nobody],
    }
    SetTopic: {
        |asker| Command::SetTopic { room: asker.room, topic: "plans".parse().ok() }
            => [login not none none ended out out not ok ok],
        |asker| Command::SetTopic { room: asker.room, topic: None }
            => [login not none none ended out out not ok ok],
    }
    Rename: {
        |asker| Command::Rename { room: asker.room, title: "new".parse().unwrap() }
            => [login not none none ended out out not not ok],
    }
}

#[test]
fn every_cell_of_the_permission_table_holds() {
    let (mut scene, askers) = stage();
    for (name, command, cells) in rows() {
        for (asker, cell) in askers.iter().zip(cells) {
            let answer = match scene.ask(asker.actor, &command(asker)) {
                Ok(_) => "ok",
                Err(code) => code.word(),
            };
            assert_eq!(answer, cell, "{name} by {}", asker.what);
        }
    }
}

#[test]
fn a_user_whom_nobody_knows_is_a_stranger() {
    let (mut scene, askers) = stage();
    for (name, command, cells) in rows().into_iter().skip(1) {
        let answer = scene.ask(Actor::User(nobody()), &command(&askers[STRANGER]));
        assert_eq!(answer.unwrap_err().word(), cells[STRANGER], "{name}");
    }
}
