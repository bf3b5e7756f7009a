//! What is loaded is what was stored, and what was stored reads as it happened.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{DeviceId, Nonce, Revision, RoomId, Timestamp};
use parlor_protocol::message::ListChanges;
use parlor_protocol::name::UserName;
use parlor_protocol::password::ServerSetup;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, RoomRef, Visibility};
use proptest::prelude::*;

use super::{Scene, create, device, password};
use crate::rooms::{
    Action, Actor, CodeTerms, Command, Retention, RoomState, Sight, SignUpCode, UserId,
    WhichNotices, may,
};
use crate::store::{Batch, Create, Onlooker, Store};

/// A wish in small numbers; who and what they mean depends on what there is at that moment.
#[derive(Debug, Clone, Copy)]
enum Wish {
    AddUser,
    Create {
        user: usize,
    },
    Join {
        user: usize,
        room: usize,
        leave: Option<usize>,
    },
    Leave {
        user: usize,
        room: usize,
    },
    Send {
        user: usize,
        room: usize,
    },
    Promote {
        user: usize,
        room: usize,
        whom: usize,
    },
    Transfer {
        user: usize,
        room: usize,
        whom: usize,
    },
    SetTopic {
        user: usize,
        room: usize,
    },
    Rename {
        user: usize,
        room: usize,
    },
    AddDevice {
        user: usize,
        key: u8,
    },
    RevokeDevice {
        user: usize,
        id: u32,
    },
    SetPassword {
        user: usize,
    },
    /// What one does at a room's door, to whom; which of them is a number.
    AtTheDoor {
        user: usize,
        room: usize,
        whom: usize,
        act: usize,
    },
    /// What is only of accounts.
    Account {
        user: usize,
        whom: usize,
        act: usize,
    },
    /// Days pass, and what they end does.
    Wait {
        days: i64,
    },
}

fn wish() -> impl Strategy<Value = Wish> {
    let (user, room) = (0..5_usize, 0..4_usize);
    prop_oneof![
        1 => Just(Wish::AddUser),
        2 => user.clone().prop_map(|user| Wish::Create { user }),
        4 => (user.clone(), room.clone(), prop::option::weighted(0.2, room.clone()))
            .prop_map(|(user, room, leave)| Wish::Join { user, room, leave }),
        2 => (user.clone(), room.clone()).prop_map(|(user, room)| Wish::Leave { user, room }),
        8 => (user.clone(), room.clone()).prop_map(|(user, room)| Wish::Send { user, room }),
        4 => (user.clone(), room.clone(), user.clone())
            .prop_map(|(user, room, whom)| Wish::Promote { user, room, whom }),
        2 => (user.clone(), room.clone(), user.clone())
            .prop_map(|(user, room, whom)| Wish::Transfer { user, room, whom }),
        2 => (user.clone(), room.clone()).prop_map(|(user, room)| Wish::SetTopic { user, room }),
        2 => (user.clone(), room).prop_map(|(user, room)| Wish::Rename { user, room }),
        1 => (user.clone(), 0..4_u8).prop_map(|(user, key)| Wish::AddDevice { user, key }),
        1 => (user.clone(), 1..4_u32).prop_map(|(user, id)| Wish::RevokeDevice { user, id }),
        1 => user.clone().prop_map(|user| Wish::SetPassword { user }),
        24 => (user.clone(), 0..4_usize, user.clone(), 0..DOOR_ACTS)
            .prop_map(|(user, room, whom, act)| Wish::AtTheDoor { user, room, whom, act }),
        6 => (user.clone(), user, 0..ACCOUNT_ACTS)
            .prop_map(|(user, whom, act)| Wish::Account { user, whom, act }),
        2 => prop_oneof![2 => Just(1_i64), 1 => Just(8), 1 => Just(40)]
            .prop_map(|days| Wish::Wait { days }),
    ]
}

/// Does what is wished for where the rules allow it, and gives the events in `cut` batches.
#[expect(clippy::too_many_lines, reason = "one arm a wish")]
fn play(scene: &mut Scene, wishes: &[Wish], cut: usize) {
    let mut rooms: Vec<RoomId> = Vec::new();
    let mut events = Vec::new();
    for (step, wish) in wishes.iter().enumerate() {
        let user = |user: usize| UserId(user as u64 + 1);
        let room = |room: usize| rooms.get(room).copied().unwrap_or(RoomId::from_random(99_999));
        let (actor, command) = match *wish {
            Wish::AddUser => {
                let command = Command::AddUser {
                    name: format!("user{step}").parse().unwrap(),
                    password: password(b"first"),
                    standing: crate::rooms::Standing::Operator,
                };
                (Actor::Console, command)
            }
            Wish::Create { user: owner } => {
                let title = format!("Room {}", step % 7);
                let command = match (create(&title), step % 3) {
                    (Command::CreateRoom { title, .. }, 0) => {
                        let (visibility, entry) = (Visibility::Private, Entry::Ask);
                        Command::CreateRoom { title, visibility, entry }
                    }
                    (Command::CreateRoom { title, visibility, .. }, 1) => {
                        Command::CreateRoom { title, visibility, entry: Entry::Ask }
                    }
                    (open, _) => open,
                };
                (Actor::User(user(owner)), command)
            }
            Wish::Join { user: joiner, room: joined, leave } => {
                let command = Command::JoinRoom { room: room(joined), leave: leave.map(&room) };
                (Actor::User(user(joiner)), command)
            }
            Wish::Leave { user: leaver, room: left } => {
                (Actor::User(user(leaver)), Command::LeaveRoom { room: room(left) })
            }
            Wish::Send { user: author, room: target } => {
                (Actor::User(user(author)), scene.send(room(target), &format!("message {step}")))
            }
            Wish::Promote { user: by, room: of, whom } => {
                let command = Command::Promote { room: room(of), user: name(scene, user(whom)) };
                (Actor::User(user(by)), command)
            }
            Wish::Transfer { user: by, room: of, whom } => {
                let command = Command::Transfer { room: room(of), user: name(scene, user(whom)) };
                (Actor::User(user(by)), command)
            }
            Wish::SetTopic { user: by, room: of } => {
                let topic = (step % 3 > 0).then(|| format!("topic {step}").parse().unwrap());
                (Actor::User(user(by)), Command::SetTopic { room: room(of), topic })
            }
            Wish::Rename { user: by, room: of } => {
                let title = format!("Room {}", step % 9).parse().unwrap();
                (Actor::User(user(by)), Command::Rename { room: room(of), title })
            }
            Wish::AddDevice { user: owner, key } => {
                (Actor::User(user(owner)), Command::AddDevice { device: device(key) })
            }
            Wish::RevokeDevice { user: owner, id } => {
                (Actor::User(user(owner)), Command::RevokeDevice { id: DeviceId(id) })
            }
            Wish::SetPassword { user: owner } => {
                let (user, keep) = (user(owner), Some(DeviceId(1)));
                let password = password(b"second");
                (Actor::User(user), Command::SetPassword { user, password, keep })
            }
            Wish::AtTheDoor { user: by, room: of, whom, act } => {
                let whom = name(scene, user(whom));
                (Actor::User(user(by)), at_the_door(act, room(of), whom, scene.now))
            }
            Wish::Account { user: by, whom, act } => {
                account(act, user(by), name(scene, user(whom)), scene.now)
            }
            Wish::Wait { days } => {
                scene.now.0 += days * 24 * 60 * 60 * 1_000;
                for command in scene.world.due(scene.now, &KEPT, 10) {
                    events.extend(scene.decide(Actor::Clock, &command).unwrap());
                }
                continue;
            }
        };
        if !matches!(actor, Actor::User(user) if scene.world.user(user).is_none()) {
            events.extend(scene.decide(actor, &command).unwrap_or_default());
        }
        for id in 0..=scene.dice {
            let id = RoomId::from_random(id);
            if scene.world.room(id).is_some() && !rooms.contains(&id) {
                rooms.push(id);
            }
        }
        if events.len() > cut {
            scene.commit(std::mem::take(&mut events));
        }
    }
    scene.commit(events);
}

const DOOR_ACTS: usize = 13;
const ACCOUNT_ACTS: usize = 12;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const KEPT: Retention = Retention {
    associations_ms: 30 * DAY_MS,
    notifications_ms: 30 * DAY_MS,
    terminated_ms: 30 * DAY_MS,
    messages_ms: None,
    devices_ms: 90 * DAY_MS,
};

fn at_the_door(act: usize, room: RoomId, user: UserName, now: Timestamp) -> Command {
    let reason = "for a \u{1F600} reason".parse().ok();
    match act {
        0 | 1 => Command::RequestToJoin { room, reason },
        2 => Command::Withdraw { room },
        3 => Command::Approve { room, user },
        4 => Command::Deny { room, user, reason },
        5 => Command::AddMember { room, user },
        6 | 7 => Command::InviteUser { room, user },
        8 => Command::RevokeInvite { room, user },
        9 => Command::Kick { room, user, reason },
        10 => Command::BanUser { room, user, reason, until: Some(Timestamp(now.0 + 2 * DAY_MS)) },
        11 => Command::BanUser { room, user, reason, until: None },
        _ => Command::Unban { room, user },
    }
}

fn account(act: usize, by: UserId, user: UserName, now: Timestamp) -> (Actor, Command) {
    let code = SignUpCode::from_random(now.0 as u64 % 3);
    let terms = CodeTerms {
        uses: 2,
        until: Timestamp(now.0 + 5 * DAY_MS),
        standing: crate::rooms::Standing::Ordinary,
    };
    let sign_up = |mode, code| Command::SignUp {
        name: format!("new{}", now.0 % 9).parse().unwrap(),
        password: password(b"new"),
        device: Some(device(9)),
        mode,
        code,
    };
    match act {
        0 => (Actor::User(by), Command::Block { user }),
        1 => (Actor::User(by), Command::Unblock { user }),
        2 => (Actor::User(by), Command::ReadNotifications(WhichNotices::All)),
        3 => (Actor::User(by), Command::DismissNotifications(WhichNotices::All)),
        4 => (Actor::Console, Command::DisableUser { user }),
        5 => (Actor::Console, Command::EnableUser { user }),
        6 => (Actor::Console, Command::RemoveUser { user }),
        7 => (Actor::Console, Command::MakeCode { code, terms }),
        8 => (Actor::Stranger, sign_up(SignUpMode::Code, Some(code))),
        9 => (Actor::Stranger, sign_up(SignUpMode::Approval, None)),
        10 => {
            let user = format!("new{}", now.0 % 9).parse().unwrap();
            (Actor::Console, Command::DenySignUp { user, reason: "not now".parse().ok() })
        }
        _ => (Actor::Console, Command::SetSignUpMode { mode: SignUpMode::Approval }),
    }
}

fn name(scene: &Scene, user: UserId) -> UserName {
    scene.world.name_of(user).cloned().unwrap_or_else(|| "nobody".parse().unwrap())
}

/// What the listings tell of each room is what the world knows of it.
fn check_listings(scene: &Scene) {
    for id in (0..=scene.dice).map(RoomId::from_random) {
        let Some(room) = scene.world.room(id) else { continue };
        let by_title = RoomRef::Title(room.title.as_str().to_uppercase());
        let found = scene.store.readers.find_room(UserId(1), &by_title).unwrap();
        match room.state {
            RoomState::Terminated => assert_ne!(found.map(|found| found.room), Ok(id)),
            RoomState::Live => {
                let part = room.membership(UserId(1));
                let sight = Sight {
                    state: room.state,
                    visibility: room.visibility,
                    entry: room.entry,
                    role: part.map(|part| part.role),
                    association: scene.world.association(id, UserId(1)),
                };
                // The reader's clock is today's; all bans of the tests have an end before it or none.
                let allowed = may(sight.part(crate::clock::now()), Action::Look);
                let found = match (found, allowed) {
                    (Ok(found), Ok(())) => found,
                    (found, allowed) => {
                        let code = found.map_err(|refusal| refusal.code).unwrap_err();
                        assert_eq!(Some(code), allowed.err());
                        assert!(matches!(code, Code::Banned | Code::NoSuchRoom));
                        continue;
                    }
                };
                assert_eq!((found.room, found.members as usize), (id, room.members().len()));
                assert_eq!((&found.title, &found.topic), (&room.title, &room.topic));
                assert_eq!(found.role, part.map(|part| part.role));
                assert_eq!(found.revision, part.map(|_| room.revision));
                assert_eq!(found.last_seq, part.map(|_| room.last_seq));
            }
        }
    }
}

/// Reads the changes of a room after `since`, page by page.
fn read_on(store: &Store, user: UserId, room: RoomId, since: Revision, limit: u32) -> Vec<u64> {
    let (mut since, mut read) = (since, Vec::new());
    loop {
        let asked = ListChanges { room, since, limit };
        let (page, _) = store.readers.changes(user, &asked).unwrap().unwrap();
        read.extend(page.changes.iter().map(|change| change.revision.0));
        assert!(!page.more || !page.changes.is_empty());
        match page.changes.last() {
            Some(last) if page.more => since = last.revision,
            _ => return read,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_loaded_is_what_was_applied(
        wishes in prop::collection::vec(wish(), 1..120),
        cut in 0..20_usize,
    ) {
        let mut scene = Scene::new();
        // As of the beginning every nonce still counts, whatever days have passed.
        let began = scene.now;
        play(&mut scene, &wishes, cut);
        check_listings(&scene);
        prop_assert_eq!(&scene.store.writer.load(began).unwrap(), &scene.world);
        let mut scene = scene.reopen();
        prop_assert_eq!(&scene.store.writer.load(began).unwrap(), &scene.world);
        let setup = ServerSetup::generate();
        scene.store.writer.set_opaque_setup(&setup.to_bytes()).unwrap();
        prop_assert_eq!(Onlooker::open(scene.dir.path()).unwrap().faults().unwrap(), []);
    }

    #[test]
    fn changes_have_no_gap_whatever_they_are_asked_from(
        wishes in prop::collection::vec(wish(), 1..120),
        limit in 1..9_u32,
    ) {
        let mut scene = Scene::new();
        play(&mut scene, &wishes, 5);
        for id in (0..=scene.dice).map(RoomId::from_random) {
            let Some(room) = scene.world.room(id) else { continue };
            if room.state == RoomState::Terminated {
                continue;
            }
            let (member, _) = room.members().next().unwrap();
            for since in 0..=room.revision.0 {
                let read = read_on(&scene.store, member, id, Revision(since), limit);
                prop_assert_eq!(read, (since + 1..=room.revision.0).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn nonces_that_do_not_fit_into_memory_are_found_on_disk() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    let (mut events, mut commands) = (Vec::new(), Vec::new());
    for text in 0..20 {
        let command = scene.send(room, &text.to_string());
        events.extend(scene.decide(Actor::User(user), &command).unwrap());
        commands.push(command);
    }
    let evicted = scene.world.evict_nonces(5);
    assert_eq!(evicted.len(), 15);
    let batch = Batch { events, evicted, at: scene.now, ..Batch::default() };
    scene.store.writer.commit(&batch).unwrap();

    let key = scene.world.nonce_to_recall(&Actor::User(user), &commands[0]).unwrap();
    let posted = scene.store.writer.old_nonce(&key).unwrap().unwrap();
    assert_eq!(posted.seq.0, 1);
    // Loading makes room for all of them again.
    let world = scene.store.writer.load(scene.now).unwrap();
    assert_eq!(world.nonce_to_recall(&Actor::User(user), &commands[0]), None);
}

#[test]
fn old_nonces_that_expired_are_forgotten() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    let set_aside = |scene: &mut Scene| {
        let command = scene.send(room, "hello");
        let events = scene.decide(Actor::User(user), &command).unwrap();
        let evicted = scene.world.evict_nonces(0);
        let batch = Batch { events, evicted, at: scene.now, ..Batch::default() };
        scene.store.writer.commit(&batch).unwrap();
    };
    let count = |scene: &Scene| -> i64 {
        let sql = "SELECT count(*) FROM old_nonces";
        scene.store.writer.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    set_aside(&mut scene);
    set_aside(&mut scene);
    assert_eq!(count(&scene), 2);
    scene.now = Timestamp(scene.now.0 + 8 * 24 * 60 * 60 * 1_000);
    set_aside(&mut scene);
    assert_eq!(count(&scene), 1);
}

#[test]
fn nonces_are_loaded_however_the_clock_was_set_between_them() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    let now = scene.now;
    scene.says(user, room, "today");
    scene.now = Timestamp(now.0 - 400 * DAY_MS);
    scene.says(user, room, "long ago");
    scene.now = Timestamp(now.0 + 10);
    scene.says(user, room, "today again");
    let mut world = scene.store.writer.load(scene.now).unwrap();
    let mut nonces: Vec<Option<Timestamp>> =
        world.evict_nonces(0).iter().map(|(key, _)| Nonce::at(key.nonce)).collect();
    nonces.sort();
    assert_eq!(nonces, [Some(now), Some(Timestamp(now.0 + 10))]);
}

#[test]
fn a_store_that_is_not_there_is_made_only_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::open(dir.path(), Create::Never).unwrap_err();
    assert!(error.to_string().starts_with("there is no store at"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
