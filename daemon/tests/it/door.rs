//! At a room's door: who gets in, how, and who does not. A story for each paragraph of the rules.

use parlor_protocol::entry::{Ended, InviteUser, Rejoin};
use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::push::{Change, Push};
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{Departure, Entry, Role, Scope, Visibility};

use crate::harness::{Client, Daemon, PASSWORD, settle_all, tell};

fn people<const N: usize>(daemon: &Daemon, names: [&str; N]) -> [Client; N] {
    names.map(|name| {
        let mut client = daemon.tls_client();
        client.sign_up(name).unwrap();
        client.subscribe();
        client
    })
}

fn back(daemon: &Daemon, name: &str) -> Client {
    let mut client = daemon.tls_client();
    client.login(name, PASSWORD, None).unwrap();
    client.subscribe();
    client
}

fn crash(daemon: &mut Daemon) {
    daemon.kill9();
    daemon.restart();
}

fn titles(client: &mut Client, scope: Scope) -> Vec<String> {
    let page = client.list(scope, "", None, 0);
    page.rooms.iter().map(|room| room.title.to_string()).collect()
}

fn members(client: &mut Client, room: RoomId) -> Vec<String> {
    client.members(room).unwrap().iter().map(|member| member.user.to_string()).collect()
}

#[test]
fn a_room_is_entered_by_a_request_that_any_admin_decides_for_all() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create_asking("ops").unwrap();
    alice.add(room, "bob").unwrap();
    alice.promote(room, "bob").unwrap();
    assert_eq!(carol.join(room).err(), Some(Code::RequestFirst));
    let request = carol.request_to_join(room, " let\nme in ").unwrap();
    assert_eq!(request.reason.unwrap().as_str(), "let me in");
    assert_eq!(carol.request_to_join(room, "").err(), Some(Code::AlreadyRequested));
    assert_eq!(carol.join(room).err(), Some(Code::AlreadyRequested));
    let told = "! join-requested in ops by carol for let me in";
    assert_eq!(alice.notified(), [told]);
    assert_eq!(bob.notified().last().unwrap(), told);
    crash(&mut daemon);
    let mut bob = back(&daemon, "bob");
    assert_eq!(bob.waiting(room).unwrap(), ["carol"]);
    // Carol is not here, and a member all the same.
    assert_eq!(bob.approve(room, "carol"), Ok(Role::Member));
    let mut alice = back(&daemon, "alice");
    assert_eq!(alice.approve(room, "carol"), Err(Code::NoSuchRequest));
    let mut carol = back(&daemon, "carol");
    assert_eq!(members(&mut carol, room), ["alice", "bob", "carol"]);
    assert_eq!(carol.notifications(), ["! approved in ops by bob"]);
}

#[test]
fn a_request_may_be_withdrawn_and_after_a_denial_is_possible_again_in_24_hours() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create_asking("ops").unwrap();
    assert_eq!(bob.withdraw(room), Err(Code::NoSuchRequest));
    bob.request_to_join(room, "").unwrap();
    bob.withdraw(room).unwrap();
    assert_eq!(alice.approve(room, "bob"), Err(Code::NoSuchRequest));
    bob.request_to_join(room, "").unwrap();
    alice.deny(room, "bob", "not now").unwrap();
    assert_eq!(bob.notified(), ["! denied in ops by alice for not now"]);
    crash(&mut daemon);
    let mut bob = back(&daemon, "bob");
    let refusal = bob.try_request(room, "please").unwrap_err();
    assert_eq!(refusal.code, Code::RateLimited);
    let hours = refusal.retry_after_ms.unwrap().div_ceil(3_600_000);
    assert_eq!(hours, 24);
    assert_eq!(bob.former(), ["ops live denied request"]);
    let mut alice = back(&daemon, "alice");
    assert_eq!(alice.deny(room, "bob", ""), Err(Code::NoSuchRequest));
}

#[test]
fn an_admin_adds_anyone_who_is_not_banned_and_does_not_block_them() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol, mut dave] =
        people(&daemon, ["alice", "bob", "carol", "dave"]);
    let room = alice.create_private("plans").unwrap();
    assert_eq!(alice.add(room, "bob"), Ok(Role::Member));
    assert_eq!(bob.settle(), ["entered plans"]);
    assert_eq!(alice.add(room, "bob"), Err(Code::AlreadyAMember));
    assert_eq!(alice.add(room, "nobody"), Err(Code::NoSuchUser));
    assert_eq!(bob.add(room, "carol"), Err(Code::NotPermitted));
    assert_eq!(carol.add(room, "carol"), Err(Code::NoSuchRoom));
    carol.block("alice").unwrap();
    assert_eq!(alice.add(room, "carol"), Err(Code::Blocked));
    assert_eq!(alice.invite(room, "carol").err(), Some(Code::Blocked));
    carol.unblock("alice").unwrap();
    alice.ban(room, "dave", None).unwrap();
    assert_eq!(alice.add(room, "dave"), Err(Code::Banned));
    assert_eq!(alice.invite(room, "dave").err(), Some(Code::Banned));
    assert_eq!(dave.notified(), [""; 0], "who knows nothing of a private room hears nothing");
    alice.add(room, "carol").unwrap();
    assert_eq!(carol.notified(), ["! added in plans by alice"]);
}

#[test]
fn an_invite_opens_a_private_room_by_its_id_and_survives_its_inviter() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create_private("plans").unwrap();
    alice.add(room, "bob").unwrap();
    alice.promote(room, "bob").unwrap();
    let invite = bob.invite(room, "carol").unwrap();
    assert_eq!((invite.until.0 - invite.at.0) / 86_400_000, 7);
    assert_eq!(carol.notified(), ["! invited in plans by bob"]);
    assert_eq!(carol.request_to_join(room, "").err(), Some(Code::AlreadyInvited));
    bob.leave(room).unwrap();
    crash(&mut daemon);
    let mut carol = back(&daemon, "carol");
    let invites = carol.invites(None).unwrap();
    assert_eq!((invites[0].room, invites[0].title.as_str()), (room, "plans"));
    assert_eq!(carol.find_id(room).unwrap().title.as_str(), "plans");
    assert_eq!(titles(&mut carol, Scope::Public), [""; 0]);
    carol.join(room).unwrap();
    assert_eq!(members(&mut carol, room), ["alice", "carol"]);
    // An invite is used up by entering.
    carol.leave(room).unwrap();
    assert_eq!(carol.join(room).err(), Some(Code::NotInvited));
}

#[test]
fn an_invite_is_renewed_or_revoked_and_whoever_asked_is_approved_by_it() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create_asking("ops").unwrap();
    let first = alice.invite(room, "bob").unwrap();
    let second = alice.invite(room, "bob").unwrap();
    assert!(second.until >= first.until);
    assert_eq!(alice.invites(Some(room)).unwrap().len(), 1);
    alice.revoke_invite(room, "bob").unwrap();
    assert_eq!(alice.revoke_invite(room, "bob"), Err(Code::NoSuchInvite));
    assert_eq!(bob.join(room).err(), Some(Code::RequestFirst));
    carol.request_to_join(room, "").unwrap();
    let invite = InviteUser { room, user: "carol".to_owned() };
    let Outcome::Member(member) = alice.ask(Command::InviteUser(invite)) else {
        panic!("whoever has asked becomes a member")
    };
    assert_eq!(member.user.as_str(), "carol");
    assert_eq!(carol.notified(), ["! approved in ops by alice"]);
    assert_eq!(members(&mut carol, room), ["alice", "carol"]);
}

#[test]
fn a_private_rooms_id_answers_a_stranger_like_an_id_that_does_not_exist() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create_private("plans").unwrap();
    alice.say(room, "secret").unwrap();
    let nowhere = RoomId::from_random(42);
    let mut answers = |room: RoomId| {
        let mut told = vec![
            bob.join(room).err(),
            bob.find_id(room).err(),
            bob.request_to_join(room, "").err(),
            bob.withdraw(room).err(),
            bob.leave(room).err(),
            bob.say(room, "hello?").err(),
            bob.members(room).err(),
            bob.waiting(room).err(),
            bob.bans(room).err(),
            bob.invites(Some(room)).err(),
            bob.changes(room, Revision(0), 0).err(),
            bob.read_to(room, 1).err(),
            bob.kick(room, "alice", "").err(),
            bob.ban(room, "alice", None).err(),
            bob.invite(room, "bob").err(),
            bob.add(room, "bob").err(),
            bob.set_topic(room, "mine").err(),
            bob.rename(room, "mine").err(),
            bob.transfer(room, "bob").err(),
        ];
        told.push(bob.swap(room, room).err());
        told
    };
    let (unknown, private) = (answers(nowhere), answers(room));
    assert_eq!(private, unknown);
    assert_eq!(private[0], Some(Code::NotInvited));
    assert!(private[1..19].iter().all(|code| *code == Some(Code::NoSuchRoom)), "{private:?}");
    assert_eq!(bob.find("plans").err(), Some(Code::NoSuchRoom));
    // Only a title gives it away, as titles are unique.
    assert_eq!(bob.create("Plans").err(), Some(Code::TitleTaken));
}

#[test]
fn a_kicked_user_asks_again_and_is_added() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let open = alice.create("ops").unwrap();
    let private = alice.create_private("plans").unwrap();
    bob.join(open).unwrap();
    carol.join(open).unwrap();
    alice.add(private, "bob").unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    alice.kick(open, "bob", "calm down").unwrap();
    alice.kick(private, "bob", "").unwrap();
    assert_eq!(carol.settle(), ["#4 bob departed (kicked)"]);
    let heard = bob.settled();
    let exits: Vec<_> = heard
        .iter()
        .filter_map(|push| match push {
            Push::Exited(exited) => Some((exited.how, exited.by.clone(), exited.reason.clone())),
            _ => None,
        })
        .collect();
    let alice_name = Some("alice".parse().unwrap());
    assert_eq!(
        exits,
        [
            (Departure::Kicked, alice_name.clone(), "calm down".parse().ok()),
            (Departure::Kicked, alice_name, None),
        ]
    );
    alice.say(open, "he is gone").unwrap();
    assert_eq!(bob.settle(), [""; 0]);
    crash(&mut daemon);
    let (mut alice, mut bob) = (back(&daemon, "alice"), back(&daemon, "bob"));
    assert_eq!(bob.notifications()[1], "! kicked in ops by alice for calm down");
    // The room is open, but not to whoever was kicked; and the private one may be asked, too.
    for room in [open, private] {
        assert_eq!(bob.join(room).err(), Some(Code::RequestFirst));
        bob.request_to_join(room, "sorry").unwrap();
        alice.approve(room, "bob").unwrap();
    }
    assert_eq!(members(&mut bob, private), ["alice", "bob"]);
}

#[test]
fn a_banned_user_sees_the_room_nowhere_and_gets_in_by_no_way_also_not_with_an_earlier_invite() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    carol.join(room).unwrap();
    bob.leave(room).unwrap();
    alice.invite(room, "bob").unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    let ban = alice.ban(room, "bob", None).unwrap();
    assert_eq!((ban.by.as_str(), ban.until), ("alice", None));
    assert_eq!(bob.notified(), ["! banned in ops by alice for spam"]);
    // What goes on at the door is the admins' to know.
    assert_eq!(carol.settle(), ["#6 withheld"]);
    assert_eq!(alice.settle(), ["#6 alice banned bob"]);
    crash(&mut daemon);
    let (mut alice, mut bob) = (back(&daemon, "alice"), back(&daemon, "bob"));
    assert_eq!(titles(&mut bob, Scope::Public), [""; 0]);
    assert_eq!(bob.former(), [""; 0]);
    assert_eq!(bob.invites(None).unwrap().len(), 0);
    for answer in [
        bob.join(room).err(),
        bob.request_to_join(room, "").err(),
        bob.find("ops").err(),
        bob.find_id(room).err(),
        bob.members(room).err(),
        bob.say(room, "hello?").err(),
        bob.changes(room, Revision(0), 0).err(),
    ] {
        assert_eq!(answer, Some(Code::Banned));
    }
    assert_eq!(alice.add(room, "bob"), Err(Code::Banned));
    alice.unban(room, "bob").unwrap();
    alice.unban(room, "bob").unwrap();
    assert_eq!(bob.notified(), ["! unbanned in ops by alice"]);
    assert_eq!(bob.former(), ["ops live banned now"]);
    bob.join(room).unwrap();
}

#[test]
fn a_banned_member_is_out_at_once_and_hears_nothing_more() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    carol.join(room).unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    alice.ban(room, "bob", None).unwrap();
    alice.say(room, "he is gone").unwrap();
    assert_eq!(
        bob.settled().iter().map(tell).collect::<Vec<_>>(),
        ["exited (banned)", "! banned in ops by alice for spam"]
    );
    assert_eq!(
        carol.settle(),
        ["#4 bob departed (banned)", "#5 withheld", "#6 1 alice: he is gone"]
    );
}

#[test]
fn a_timed_ban_ends_by_itself_also_while_the_daemon_is_down() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    let ban = alice.ban(room, "bob", Some(1)).unwrap();
    assert_eq!(bob.join(room).err(), Some(Code::Banned));
    let until = ban.until.unwrap();
    daemon.kill9();
    // The ban's second passes on the clock of everybody.
    while jiff::Timestamp::now().as_millisecond() <= until.0 {
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    daemon.restart();
    let mut bob = back(&daemon, "bob");
    bob.join(room).unwrap();
    assert_eq!(bob.notifications().last().unwrap(), "! unbanned in ops");
}

#[test]
fn only_the_owner_acts_against_admins_and_lifts_the_owners_bans() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol, _dave] = people(&daemon, ["alice", "bob", "carol", "dave"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    carol.join(room).unwrap();
    alice.promote(room, "bob").unwrap();
    alice.promote(room, "carol").unwrap();
    assert_eq!(bob.kick(room, "carol", ""), Err(Code::NotPermitted));
    assert_eq!(bob.ban(room, "carol", None).err(), Some(Code::NotPermitted));
    assert_eq!(bob.kick(room, "alice", ""), Err(Code::NotPermitted));
    assert_eq!(bob.kick(room, "bob", ""), Err(Code::NotPermitted));
    assert_eq!(alice.ban(room, "alice", None).err(), Some(Code::NotPermitted));
    alice.ban(room, "dave", None).unwrap();
    assert_eq!(bob.unban(room, "dave"), Err(Code::NotPermitted));
    assert_eq!(bob.ban(room, "dave", Some(1)).err(), Some(Code::NotPermitted));
    alice.unban(room, "dave").unwrap();
    bob.ban(room, "dave", None).unwrap();
    assert_eq!(bob.bans(room).unwrap().len(), 1);
    carol.unban(room, "dave").unwrap();
    alice.kick(room, "carol", "").unwrap();
    assert_eq!(members(&mut alice, room), ["alice", "bob"]);
}

#[test]
fn the_last_plain_member_is_taken_out_and_finds_the_notification_at_the_next_login() {
    let mut daemon = Daemon::start();
    let [mut alice, bob, mut carol, _dave] = people(&daemon, ["alice", "bob", "carol", "dave"]);
    let room = alice.create_asking("ops").unwrap();
    alice.add(room, "bob").unwrap();
    carol.request_to_join(room, "").unwrap();
    alice.invite(room, "dave").unwrap();
    drop(bob);
    alice.leave(room).unwrap();
    crash(&mut daemon);
    let mut bob = back(&daemon, "bob");
    assert_eq!(bob.notifications(), ["! added in ops by alice", "! room-terminated in ops"]);
    assert_eq!(bob.former(), ["ops terminated terminated no"]);
    assert_eq!(bob.say(room, "hello?").err(), Some(Code::RoomTerminated));
    // Whoever asked and whoever was invited hears of it, too.
    let (mut carol, mut dave) = (back(&daemon, "carol"), back(&daemon, "dave"));
    assert_eq!(carol.notifications(), ["! room-terminated in ops"]);
    assert_eq!(dave.notifications(), ["! invited in ops by alice", "! room-terminated in ops"]);
    assert_eq!(carol.request_to_join(room, "").err(), Some(Code::RoomTerminated));
    assert_eq!(dave.join(room).err(), Some(Code::RoomTerminated));
    dave.create("ops").unwrap();
}

#[test]
fn a_lone_owner_joining_elsewhere_with_leave_terminates_the_room_and_a_refused_join_leaves_nothing()
{
    let daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let own = alice.create("own").unwrap();
    let asking = bob.create_asking("asking").unwrap();
    let open = bob.create("open").unwrap();
    assert_eq!(alice.swap(asking, own).err(), Some(Code::RequestFirst));
    assert_eq!(alice.swap(own, own).err(), Some(Code::AlreadyAMember));
    assert_eq!(members(&mut alice, own), ["alice"]);
    alice.swap(open, own).unwrap();
    assert_eq!(alice.say(own, "?").err(), Some(Code::RoomTerminated));
    assert_eq!(members(&mut bob, open), ["bob", "alice"]);
}

#[test]
fn former_rooms_say_how_it_ended_and_how_to_come_back_page_by_page() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let open = alice.create("open").unwrap();
    let asking = alice.create_asking("asking").unwrap();
    let private = alice.create_private("private").unwrap();
    let kicked = alice.create("kicked").unwrap();
    let gone = bob.create("gone").unwrap();
    bob.leave(gone).unwrap();
    for room in [open, asking, private, kicked] {
        alice.add(room, "bob").unwrap();
    }
    bob.leave(open).unwrap();
    bob.leave(asking).unwrap();
    bob.leave(private).unwrap();
    alice.kick(kicked, "bob", "").unwrap();
    let mut all = bob.former();
    assert_eq!(all.pop().unwrap(), "gone terminated left no");
    all.sort();
    assert_eq!(
        all,
        [
            "asking live left request",
            "kicked live kicked request",
            "open live left now",
            "private live left invite",
        ]
    );
    let (mut paged, mut after) = (vec![], None);
    loop {
        let (page, next) = bob.former_after(after, 2);
        paged.extend(page);
        if next.is_none() {
            break;
        }
        after = next;
    }
    assert_eq!(paged.len(), 5);
    assert!(paged[..4].windows(2).all(|two| two[0].at >= two[1].at));
    assert_eq!((paged[4].ended, paged[4].rejoin), (Ended::Left, Rejoin::No));
    // A former member reads nothing, and an entry goes when one is back.
    assert_eq!(bob.members(open).err(), Some(Code::NotAMember));
    bob.join(open).unwrap();
    assert_eq!(bob.former_after(None, 0).0.len(), 4);
}

#[test]
fn members_read_what_was_said_before_they_came_and_find_it_read() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create_private("plans").unwrap();
    alice.say(room, "long ago").unwrap();
    alice.add(room, "bob").unwrap();
    assert_eq!(bob.all_history(room).len(), 1);
    let page = bob.list(Scope::Mine, "", None, 0);
    assert_eq!((page.rooms[0].unread, page.rooms[0].visibility), (Some(0), Visibility::Private));
    assert_eq!(page.rooms[0].entry, Entry::Ask);
}

#[test]
fn a_private_room_is_listed_to_its_members_alone_and_never_open() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    alice.create_private("plans").unwrap();
    alice.create("ops").unwrap();
    assert_eq!(titles(&mut alice, Scope::Public), ["ops", "plans"]);
    assert_eq!(titles(&mut bob, Scope::Public), ["ops"]);
    let open = alice.create_as("open", Visibility::Private, Entry::Open);
    assert_eq!(open.err(), Some(Code::BadRequest));
}

#[test]
fn whoever_was_away_gets_exactly_what_they_may_see() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create_asking("ops").unwrap();
    alice.add(room, "bob").unwrap();
    carol.request_to_join(room, "please").unwrap();
    alice.deny(room, "carol", "").unwrap();
    alice.invite(room, "carol").unwrap();
    alice.say(room, "hello").unwrap();
    let tell = |client: &mut Client| -> Vec<String> {
        let changes = client.all_changes(room, Revision(2));
        changes.iter().map(crate::harness::tell_change).collect()
    };
    assert_eq!(
        tell(&mut alice),
        [
            "#3 carol asks to join",
            "#4 carol's request is denied",
            "#5 alice invited carol",
            "#6 1 alice: hello",
        ]
    );
    let withheld = ["#3 withheld", "#4 withheld", "#5 withheld", "#6 1 alice: hello"];
    assert_eq!(tell(&mut bob), withheld);
    assert_eq!(bob.settle()[1..], withheld);
    // What is said of it is withheld as well.
    for change in bob.all_changes(room, Revision(2)) {
        assert!(matches!(change.change.0, Change::Withheld | Change::Message(_)));
    }
}
