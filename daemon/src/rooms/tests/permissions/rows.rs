//! The rows of the table: each command, and what each asker hears.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{DeviceId, Nonce, NotificationId, RoomId, Seq};
use parlor_protocol::name::UserName;

use super::super::scene::{START, add_user, create, device, password, send, sign_up};
use super::stage::{Asker, OPERATOR};
use super::{Row, anywhere, entering, inside, inside_and};
use crate::rooms::{Actor, CodeTerms, Command, SignUpCode, Standing, UserId, WhichNotices};

/// Declares the rows of the table. A new command without a row leaves the match below incomplete.
macro_rules! rows {
    ($($variant:ident { $($command:expr => $row:expr),* $(,)? })*) => {
        pub(in super::super) fn rows() -> Vec<(&'static str, fn(&Asker) -> Command, Row)> {
            #[expect(dead_code, reason = "it is there to be complete")]
            fn every_command_has_a_row(command: &Command) {
                match command {
                    $(Command::$variant { .. } => {})*
                }
            }
            vec![$($((stringify!($variant), $command, $row)),*),*]
        }
    };
}

fn name(name: &str) -> UserName {
    name.parse().unwrap()
}

fn oneself(asker: &Asker) -> UserId {
    match asker.actor {
        Actor::User(user) => user,
        Actor::Stranger | Actor::Console | Actor::Clock => UserId(1),
    }
}

fn own_name(asker: &Asker) -> &'static str {
    match asker.what {
        name @ ("member" | "admin" | "owner" | "banned" | "kicked" | "operator") => name,
        _ => "outsider",
    }
}

fn code() -> SignUpCode {
    SignUpCode::from_random(1)
}

/// Commands about somebody in the asker's room.
macro_rules! about {
    ($($function:ident: $variant:ident { $($field:ident),* })*) => {
        $(fn $function(asker: &Asker, whom: &str) -> Command {
            Command::$variant { room: asker.room, user: name(whom), $($field: None),* }
        })*
    };
}

about! {
    promote: Promote {}
    demote: Demote {}
    transfer: Transfer {}
    approve: Approve {}
    deny: Deny { reason }
    add: AddMember {}
    invite: InviteUser {}
    revoke: RevokeInvite {}
    kick: Kick { reason }
    ban: BanUser { reason, until }
    unban: Unban {}
}

/// What only whoever runs the daemon may do, about whom it comes to this.
fn administer(console: &'static str) -> Row {
    anywhere("login", console, "not", "not")
}

/// What operators do from a client, too.
fn operate(console: &'static str) -> Row {
    let mut row = administer(console);
    row[OPERATOR] = console;
    row
}

fn own_things(user: &'static str) -> Row {
    anywhere("login", "not", "not", user)
}

fn time_alone() -> Row {
    anywhere("login", "not", "ok", "not")
}

rows! {
    SignUp {
        |_| sign_up("new") => anywhere("ok", "not", "not", "not"),
    }
    AddUser {
        |_| add_user("new") => administer("ok"),
        |_| add_user("owner") => administer("name-taken"),
    }
    SetPassword {
        |asker| Command::SetPassword { user: oneself(asker), password: password(), keep: None }
            => anywhere("login", "ok", "not", "ok"),
        |asker| Command::SetPassword {
            user: UserId(oneself(asker).0 % 6 + 1), password: password(), keep: None,
        } => administer("ok"),
        |_| Command::SetPassword { user: UserId(1_000), password: password(), keep: None }
            => administer("nobody"),
    }
    Restretch {
        |_| Command::Restretch { password: password() } => own_things("ok"),
    }
    SetDisplayName {
        |_| Command::SetDisplayName { display_name: "Ann A.".parse().ok() } => own_things("ok"),
    }
    AddDevice {
        |_| Command::AddDevice { device: device(99) } => own_things("ok"),
    }
    RevokeDevice {
        |_| Command::RevokeDevice { id: DeviceId(1) } => own_things("ok"),
        |_| Command::RevokeDevice { id: DeviceId(9) } => own_things("no-such-device"),
    }
    ApproveSignUp {
        |_| Command::ApproveSignUp { user: name("member") } => operate("nothing"),
        |_| Command::ApproveSignUp { user: name("noone") } => operate("nobody"),
    }
    DenySignUp {
        |_| Command::DenySignUp { user: name("member"), reason: None } => operate("nothing"),
        |_| Command::DenySignUp { user: name("noone"), reason: None } => operate("nobody"),
    }
    SetStanding {
        |_| Command::SetStanding { user: name("member"), standing: Standing::Operator }
            => administer("ok"),
        |_| Command::SetStanding { user: name("noone"), standing: Standing::Operator }
            => administer("nobody"),
    }
    DisableUser {
        |_| Command::DisableUser { user: name("member") } => operate("ok"),
        |_| Command::DisableUser { user: name("noone") } => operate("nobody"),
    }
    EnableUser {
        |_| Command::EnableUser { user: name("member") } => operate("ok"),
        |_| Command::EnableUser { user: name("noone") } => operate("nobody"),
    }
    RemoveUser {
        |_| Command::RemoveUser { user: name("member") } => administer("ok"),
        |_| Command::RemoveUser { user: name("noone") } => administer("nobody"),
    }
    SetSignUpMode {
        |_| Command::SetSignUpMode { mode: SignUpMode::Open } => administer("ok"),
    }
    MakeCode {
        |_| {
            let terms = CodeTerms { uses: 1, until: START, standing: Standing::Ordinary };
            Command::MakeCode { code: code(), terms }
        } => administer("ok"),
    }
    RevokeCode {
        |_| Command::RevokeCode { code: code() } => administer("bad-code"),
    }
    TerminateRoom {
        |_| Command::TerminateRoom { room: RoomId::from_random(u64::MAX) } => administer("none"),
        |asker| Command::TerminateRoom { room: asker.room } => administer("ok"),
    }
    Block {
        |_| Command::Block { user: name("loner") } => own_things("ok"),
        |_| Command::Block { user: name("noone") } => own_things("nobody"),
    }
    Unblock {
        |_| Command::Unblock { user: name("loner") } => own_things("ok"),
        |_| Command::Unblock { user: name("noone") } => own_things("nobody"),
    }
    ReadNotifications {
        |_| Command::ReadNotifications(WhichNotices::All) => own_things("ok"),
        |_| Command::ReadNotifications(WhichNotices::One(NotificationId(99)))
            => own_things("no-such-notification"),
    }
    DismissNotifications {
        |_| Command::DismissNotifications(WhichNotices::All) => own_things("ok"),
        |_| Command::DismissNotifications(WhichNotices::One(NotificationId(99)))
            => own_things("no-such-notification"),
    }
    CreateRoom {
        |_| create("new") => own_things("ok"),
        |_| create("live") => own_things("title-taken"),
        |_| create("secret") => own_things("title-taken"),
    }
    JoinRoom {
        |asker| Command::JoinRoom { room: asker.room, leave: None } => entering(
            "unasked unasked ended first ok banned unasked first asked ok ok unasked unasked first \
             first",
            ["in", "in", "in"],
        ),
        |asker| Command::JoinRoom { room: asker.room, leave: Some(asker.room) } => entering(
            "unasked unasked ended first out banned unasked first asked out out unasked unasked \
             first first",
            ["in", "in", "in"],
        ),
    }
    RequestToJoin {
        |asker| Command::RequestToJoin { room: asker.room, reason: None } => entering(
            "none none ended ok ok banned none ok asked asked invited unasked none ok ok",
            ["in", "in", "in"],
        ),
    }
    Withdraw {
        |asker| Command::Withdraw { room: asker.room } => entering(
            "none none ended nothing nothing banned none nothing ok ok nothing nothing none \
             nothing nothing",
            ["nothing", "nothing", "nothing"],
        ),
    }
    LeaveRoom {
        |asker| Command::LeaveRoom { room: asker.room } => inside(["ok", "ok", "ok"]),
    }
    Send {
        |asker| send(asker.room, Nonce::new(START, [1; 10])) => inside(["ok", "ok", "ok"]),
    }
    MarkRead {
        |asker| Command::MarkRead { room: asker.room, seq: Seq(1) } => inside(["ok", "ok", "ok"]),
    }
    Promote {
        |asker| promote(asker, "member") => inside(["not", "not", "ok"]),
        |asker| promote(asker, "admin") => inside(["not", "not", "ok"]),
        |asker| promote(asker, "owner") => inside(["not", "not", "not"]),
        |asker| promote(asker, "former") => inside(["not", "not", "out"]),
        |asker| promote(asker, "noone") => inside(["not", "not", "nobody"]),
        |asker| promote(asker, own_name(asker)) => inside(["not", "not", "not"]),
    }
    Demote {
        |asker| demote(asker, "member") => inside(["ok", "not", "ok"]),
        |asker| demote(asker, "admin") => inside(["not", "ok", "ok"]),
        |asker| demote(asker, "deputy") => inside(["not", "not", "ok"]),
        |asker| demote(asker, "owner") => inside(["not", "not", "not"]),
        |asker| demote(asker, "former") => inside(["not", "not", "out"]),
        |asker| demote(asker, "noone") => inside(["not", "not", "nobody"]),
        |asker| demote(asker, own_name(asker)) => inside(["ok", "ok", "not"]),
    }
    Transfer {
        |asker| transfer(asker, "member") => inside_and("ok", ["not", "not", "ok"]),
        |asker| transfer(asker, "admin") => inside_and("ok", ["not", "not", "ok"]),
        |asker| transfer(asker, "owner") => inside_and("ok", ["not", "not", "ok"]),
        |asker| transfer(asker, "former") => inside_and("out", ["not", "not", "out"]),
        |asker| transfer(asker, "noone") => inside_and("nobody", ["not", "not", "nobody"]),
    }
    SetTopic {
        |asker| Command::SetTopic { room: asker.room, topic: "plans".parse().ok() }
            => inside(["not", "ok", "ok"]),
        |asker| Command::SetTopic { room: asker.room, topic: None } => inside(["not", "ok", "ok"]),
    }
    Rename {
        |asker| Command::Rename { room: asker.room, title: "new".parse().unwrap() }
            => inside(["not", "not", "ok"]),
        |asker| Command::Rename { room: asker.room, title: "secret".parse().unwrap() }
            => inside(["not", "not", "title-taken"]),
    }
    SetSlowMode {
        |asker| Command::SetSlowMode { room: asker.room, secs: 86_400 }
            => inside(["not", "ok", "ok"]),
        |asker| Command::SetSlowMode { room: asker.room, secs: 86_401 }
            => inside(["not", "too-long", "too-long"]),
    }
    Approve {
        |asker| approve(asker, "asked") => inside(["not", "ok", "ok"]),
        |asker| approve(asker, "guest") => inside(["not", "nothing", "nothing"]),
        |asker| approve(asker, "member") => inside(["not", "nothing", "nothing"]),
        |asker| approve(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    Deny {
        |asker| deny(asker, "asked") => inside(["not", "ok", "ok"]),
        |asker| deny(asker, "outsider") => inside(["not", "nothing", "nothing"]),
        |asker| deny(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    AddMember {
        |asker| add(asker, "outsider") => inside(["not", "ok", "ok"]),
        |asker| add(asker, "kicked") => inside(["not", "ok", "ok"]),
        |asker| add(asker, "asked") => inside(["not", "ok", "ok"]),
        |asker| add(asker, "guest") => inside(["not", "ok", "ok"]),
        |asker| add(asker, "member") => inside(["not", "in", "in"]),
        |asker| add(asker, "banned") => inside(["not", "banned", "banned"]),
        |asker| add(asker, "blocker") => inside(["not", "blocked", "blocked"]),
        |asker| add(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    InviteUser {
        |asker| invite(asker, "outsider") => inside(["not", "ok", "ok"]),
        |asker| invite(asker, "kicked") => inside(["not", "ok", "ok"]),
        |asker| invite(asker, "asked") => inside(["not", "ok", "ok"]),
        |asker| invite(asker, "guest") => inside(["not", "ok", "ok"]),
        |asker| invite(asker, "member") => inside(["not", "in", "in"]),
        |asker| invite(asker, "outlaw") => inside(["not", "banned", "banned"]),
        |asker| invite(asker, "blocker") => inside(["not", "blocked", "blocked"]),
        |asker| invite(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    RevokeInvite {
        |asker| revoke(asker, "guest") => inside(["not", "ok", "ok"]),
        |asker| revoke(asker, "asked") => inside(["not", "no-such-invite", "no-such-invite"]),
        |asker| revoke(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    Kick {
        |asker| kick(asker, "member") => inside(["not", "ok", "ok"]),
        |asker| kick(asker, "deputy") => inside(["not", "not", "ok"]),
        |asker| kick(asker, "owner") => inside(["not", "not", "not"]),
        |asker| kick(asker, own_name(asker)) => inside(["not", "not", "not"]),
        |asker| kick(asker, "former") => inside(["not", "out", "out"]),
        |asker| kick(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    BanUser {
        |asker| ban(asker, "member") => inside(["not", "ok", "ok"]),
        |asker| ban(asker, "outsider") => inside(["not", "ok", "ok"]),
        |asker| ban(asker, "banned") => inside(["not", "ok", "ok"]),
        |asker| ban(asker, "outlaw") => inside(["not", "not", "ok"]),
        |asker| ban(asker, "deputy") => inside(["not", "not", "ok"]),
        |asker| ban(asker, "owner") => inside(["not", "not", "not"]),
        |asker| ban(asker, own_name(asker)) => inside(["not", "not", "not"]),
        |asker| ban(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    Unban {
        |asker| unban(asker, "banned") => inside(["not", "ok", "ok"]),
        |asker| unban(asker, "outlaw") => inside(["not", "not", "ok"]),
        |asker| unban(asker, "member") => inside(["not", "ok", "ok"]),
        |asker| unban(asker, "noone") => inside(["not", "nobody", "nobody"]),
    }
    Expire {
        |asker| Command::Expire { room: asker.room, user: UserId(1) } => time_alone(),
    }
    Forget {
        |asker| Command::Forget { room: asker.room, user: UserId(1), before: START }
            => time_alone(),
    }
    PruneNotifications {
        |_| Command::PruneNotifications { user: UserId(1), before: START } => time_alone(),
    }
    ExpireDevice {
        |_| Command::ExpireDevice { user: UserId(1), id: DeviceId(1), before: START } =>
            time_alone(),
    }
    Forsake {
        |_| Command::Forsake { user: UserId(1) } => time_alone(),
    }
    ForgetSignUp {
        |_| Command::ForgetSignUp { user: UserId(1) } => time_alone(),
    }
    ExpireCode {
        |_| Command::ExpireCode { code: code() } => time_alone(),
    }
}
