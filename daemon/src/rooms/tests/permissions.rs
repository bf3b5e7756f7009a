//! The table of who may do what, each cell asked of a world in which the one who asks is just that.

mod rows;
mod stage;

use parlor_protocol::account::SignUpMode;

pub(super) use self::rows::rows;
pub(super) use self::stage::Asker;
use self::stage::{ASKERS, OPERATOR, stage};
use super::scene::{START, sign_up_in};
use crate::rooms::{Actor, Command, UserId};

/// The names of all commands.
pub(super) fn command_names() -> Vec<&'static str> {
    let mut names: Vec<_> = rows().into_iter().map(|(name, ..)| name).collect();
    names.dedup();
    names
}

#[test]
fn every_cell_of_the_permission_table_holds() {
    let (mut scene, askers) = stage();
    let mut faults = Vec::new();
    for (number, (name, command, cells)) in rows().into_iter().enumerate() {
        for (asker, cell) in askers.iter().zip(cells) {
            let answer = match scene.ask(asker.actor, &command(asker)) {
                Ok(_) => "ok",
                Err(code) => code.word(),
            };
            if answer != word(cell) {
                faults.push(format!("{number}: {name} by {}: {answer}, not {cell}", asker.what));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn operators_alone_speak_to_everybody() {
    let (scene, askers) = stage();
    for (place, asker) in askers.iter().enumerate() {
        let Actor::User(user) = asker.actor else { continue };
        let may = scene.world.may_operate(user, START);
        assert_eq!(may.is_ok(), place == OPERATOR, "{}: {may:?}", asker.what);
    }
}

#[test]
fn whoever_has_no_active_account_is_a_stranger() {
    let (mut scene, askers) = stage();
    let waiting = sign_up_in("waiting", SignUpMode::Approval);
    let denied = sign_up_in("denied", SignUpMode::Approval);
    for command in [waiting, denied] {
        scene.act(Actor::Stranger, &command).unwrap();
    }
    let user = |name: &str| name.parse().unwrap();
    let deny = Command::DenySignUp { user: user("denied"), reason: None };
    let disable = Command::DisableUser { user: user("deputy") };
    let remove = Command::RemoveUser { user: user("loner") };
    for command in [deny, disable, remove] {
        scene.act(Actor::Console, &command).unwrap();
    }
    let by_name = |name: &str| scene.world.account_by_name(&user(name)).unwrap();
    let unknown = UserId(1_000);
    let nobodies: Vec<UserId> = ["waiting", "denied", "deputy", "loner"]
        .map(by_name)
        .into_iter()
        .chain([unknown])
        .collect();
    for (name, command, cells) in rows().into_iter().filter(|(name, ..)| *name != "SignUp") {
        for &nobody in &nobodies {
            let answer = scene.ask(Actor::User(nobody), &command(&askers[0]));
            assert_eq!(answer.unwrap_err().word(), word(cells[0]), "{name} by {nobody:?}");
        }
    }
}

/// The short words of the table.
fn word(cell: &'static str) -> &'static str {
    match cell {
        "login" => "login-required",
        "not" => "not-permitted",
        "none" => "no-such-room",
        "ended" => "room-terminated",
        "out" => "not-a-member",
        "in" => "already-a-member",
        "first" => "request-first",
        "unasked" => "not-invited",
        "asked" => "already-requested",
        "invited" => "already-invited",
        "nothing" => "no-such-request",
        "nobody" => "no-such-user",
        full => full,
    }
}

/// A row of the table, in the order of its askers.
pub(super) type Row = [&'static str; ASKERS];

/// What has to do with no room: all users are alike.
fn anywhere(
    stranger: &'static str,
    console: &'static str,
    clock: &'static str,
    user: &'static str,
) -> Row {
    let mut row = [user; ASKERS];
    row[..3].copy_from_slice(&[stranger, console, clock]);
    row
}

/// What members do, admins and the owner: nobody else but perhaps the console.
fn inside_and(console: &'static str, [member, admin, owner]: [&'static str; 3]) -> Row {
    let row = entering(
        "none none ended out out banned none out out out out out none out out",
        [member, admin, owner],
    );
    let mut row = row;
    row[1] = console;
    row
}

fn inside(inside: [&'static str; 3]) -> Row {
    inside_and("not", inside)
}

/// What those do who are not in. In this order: a user of no room, of a terminated room that was
/// none of theirs, and of one that was; an outsider of the asking room, of the open one; banned,
/// silently banned; kicked; requested, also of the open room; invited; left a private room, never was in it; a former
/// member; an operator.
fn entering(outside: &'static str, inside: [&'static str; 3]) -> Row {
    let mut row = anywhere("login", "not", "not", "");
    let mut places = row[3..].iter_mut();
    let words = outside.split_whitespace().chain(inside);
    for word in words {
        *places.next().expect("a row is as long as the table is wide") = word;
    }
    assert!(places.next().is_none(), "{outside}");
    row
}
