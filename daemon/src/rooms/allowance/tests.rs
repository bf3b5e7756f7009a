//! What one may do in a while, and what one hears beyond it.

use parlor_protocol::id::Nonce;
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::UserName;

use super::*;

const START: Timestamp = Timestamp(1_795_376_832_000);
const ALICE: UserId = UserId(1);
const LIMITS: Limits = Limits {
    messages_burst: 10,
    messages_per_sec: 2,
    rooms_per_hour: 100,
    adds_per_hour: 3,
    invites_per_hour: 3,
    requests_per_hour: 3,
    rooms: RoomsMax { owned: 100, joined: 500 },
    probes_per_hour: 4,
    changes_per_hour: 5,
};

fn after(ms: i64) -> Timestamp {
    Timestamp(START.0 + ms)
}

fn send() -> Command {
    let room = RoomId::from_random(1);
    Command::Send {
        room,
        nonce: Nonce::new(START, [0; 10]),
        text: "hi".parse().unwrap(),
        kind: MessageKind::Said,
    }
}

/// How often it is allowed at that moment.
fn allowed(allowances: &mut Allowances, command: &Command, at: Timestamp) -> u32 {
    let world = World::default();
    let mut times = 0;
    while allowances.charge(&world, ALICE, command, at).is_ok() {
        times += 1;
    }
    times
}

fn wait_ms(allowances: &mut Allowances, command: &Command, at: Timestamp) -> Option<u32> {
    let refusal = allowances.charge(&World::default(), ALICE, command, at).unwrap_err();
    assert_eq!(refusal.code, Code::RateLimited);
    refusal.retry_after_ms
}

#[test]
fn ten_messages_at_once_then_two_a_second() {
    let mut allowances = Allowances::new(LIMITS);
    assert_eq!(allowed(&mut allowances, &send(), START), 10);
    assert_eq!(wait_ms(&mut allowances, &send(), START), Some(500));
    assert_eq!(wait_ms(&mut allowances, &send(), after(499)), Some(1));
    assert_eq!(allowed(&mut allowances, &send(), after(500)), 1);
    assert_eq!(allowed(&mut allowances, &send(), after(2_500)), 4);
    // An account is never fuller than full.
    assert_eq!(allowed(&mut allowances, &send(), after(3_600_000)), 10);
}

#[test]
fn what_is_counted_apart_is_paid_apart() {
    let mut allowances = Allowances::new(LIMITS);
    let room = RoomId::from_random(1);
    let add = Command::AddMember { room, user: "bob".parse().unwrap() };
    let invite = Command::InviteUser { room, user: "bob".parse().unwrap() };
    assert_eq!(allowed(&mut allowances, &add, START), 3);
    assert_eq!(allowed(&mut allowances, &invite, START), 3);
    assert_eq!(wait_ms(&mut allowances, &add, START), Some(20 * 60 * 1_000));
    assert_eq!(allowed(&mut allowances, &send(), START), 10);
}

#[test]
fn whatever_leaves_a_record_is_counted_and_who_runs_the_server_is_not_held_up() {
    let mut allowances = Allowances::new(LIMITS);
    let (room, user) = (RoomId::from_random(1), || "bob".parse().unwrap());
    let join = Command::JoinRoom { room, leave: None };
    let changes = [
        Command::SetDisplayName { display_name: None },
        Command::Block { user: user() },
        join.clone(),
        Command::SetTopic { room, topic: None },
        Command::Unban { room, user: user() },
    ];
    for command in &changes {
        allowances.charge(&World::default(), ALICE, command, START).unwrap();
    }
    for command in &changes {
        assert_eq!(wait_ms(&mut allowances, command, START), Some(12 * 60 * 1_000));
    }
    let limited: Vec<_> = allowances.limited(START).collect();
    assert_eq!(limited, [(ALICE, "changes", after(12 * 60 * 1_000))]);
    allowances.charge(&World::default(), ALICE, &send(), START).unwrap();
    let disable = Command::DisableUser { user: user() };
    allowances.charge(&World::default(), ALICE, &disable, START).unwrap();
    assert_eq!(allowed(&mut allowances, &join, after(12 * 60 * 1_000)), 1);
}

#[test]
fn another_limit_counts_what_was_done_before() {
    let mut allowances = Allowances::new(LIMITS);
    let join = Command::JoinRoom { room: RoomId::from_random(1), leave: None };
    assert_eq!(allowed(&mut allowances, &join, START), 5);
    allowances.limit(Limits { changes_per_hour: 60, ..LIMITS }, START);
    assert_eq!(allowed(&mut allowances, &join, START), 55);
    assert_eq!(wait_ms(&mut allowances, &join, START), Some(60 * 1_000));
    allowances.limit(LIMITS, START);
    assert_eq!(wait_ms(&mut allowances, &join, START), Some(12 * 60 * 1_000));
}

#[test]
fn whoever_logs_in_without_end_is_reported_once() {
    let mut allowances = Allowances::new(LIMITS);
    let reports = |allowances: &mut Allowances, times, at| {
        (0..times).filter_map(|_| allowances.logged_in(ALICE, at)).count()
    };
    assert_eq!(reports(&mut allowances, 1_000, START), 0);
    assert_eq!(reports(&mut allowances, 1_000, START), 1);
    assert_eq!(allowances.limited(START).count(), 0);
    // Where the clock was set back it is news.
    assert_eq!(reports(&mut allowances, 1, after(-1_000)), 1);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
    let mut allowances = Allowances::new(LIMITS);
    assert_eq!(allowed(&mut allowances, &send(), after(86_400_000)), 10);
    assert_eq!(wait_ms(&mut allowances, &send(), START), Some(500));
    assert_eq!(allowed(&mut allowances, &send(), after(1_000)), 2);
    // Nor is anybody said to.
    allowed(&mut allowances, &send(), after(86_400_000));
    let limited: Vec<_> = allowances.limited(START).collect();
    assert_eq!(limited, [(ALICE, "messages", after(500))]);
}

#[test]
fn messages_from_before_a_restart_are_still_on_the_account() {
    let (mut before, mut behind) = (Allowances::new(LIMITS), Allowances::new(LIMITS));
    let world = World::default();
    for ms in [0, 100, 200, 1_500, 1_600, 1_700, 1_800, 1_900, 2_000, 2_100] {
        before.charge(&world, ALICE, &send(), after(ms)).unwrap();
        behind.recall(&world, ALICE, RoomId::from_random(1), after(ms));
    }
    let left = allowed(&mut before, &send(), after(2_200));
    assert_eq!(allowed(&mut behind, &send(), after(2_200)), left);
}

#[test]
fn whoever_guesses_on_is_told_to_wait_and_reported_once() {
    let mut allowances = Allowances::new(LIMITS);
    let join = Command::JoinRoom { room: RoomId::from_random(1), leave: None };
    let mut guess = |ms| {
        let refusal = Refusal::from(Code::NotInvited);
        let (refusal, suspicion) = allowances.refused(ALICE, &join, refusal, after(ms));
        (refusal.code, suspicion)
    };
    for _ in 0..4 {
        assert_eq!(guess(0), (Code::NotInvited, None));
    }
    assert_eq!(guess(0), (Code::RateLimited, Some(Suspicion::Probing)));
    assert_eq!(guess(0), (Code::RateLimited, None));
    assert_eq!(guess(15 * 60 * 1_000), (Code::NotInvited, None));
    // An hour later it is news again.
    for _ in 0..3 {
        guess(3_600_000);
    }
    assert_eq!(guess(3_600_000), (Code::RateLimited, Some(Suspicion::Probing)));
}

#[test]
fn whoever_goes_on_against_the_limits_is_reported() {
    let mut allowances = Allowances::new(LIMITS);
    let mut reports = 0;
    for _ in 0..1_000 {
        let refusal = too_soon(Code::RateLimited, 500);
        let (_, suspicion) = allowances.refused(ALICE, &send(), refusal, START);
        reports += u32::from(suspicion == Some(Suspicion::Flooding));
    }
    assert_eq!(reports, 1);
}

/// How often somebody is reported who does this so often at that moment.
fn reports(allowances: &mut Allowances, command: &Command, times: u32, at: Timestamp) -> usize {
    (0..times).filter_map(|_| allowances.done(ALICE, command, at)).count()
}

#[test]
fn whoever_kicks_bans_or_adds_very_many_is_reported_once() {
    let mut allowances = Allowances::new(LIMITS);
    let (room, user) = (RoomId::from_random(1), UserName::parse("bob").unwrap());
    let kick = Command::Kick { room, user: user.clone(), reason: None };
    let ban = Command::BanUser { room, user: user.clone(), reason: None, until: None };
    let add = Command::AddMember { room, user };
    assert_eq!(reports(&mut allowances, &kick, 15, START), 0);
    assert_eq!(reports(&mut allowances, &ban, 5, START), 0);
    assert_eq!(allowances.done(ALICE, &kick, START), Some(Suspicion::Removals));
    assert_eq!(reports(&mut allowances, &kick, 100, after(1_000)), 0);
    // It goes on for hours, which is another report each.
    assert_eq!(reports(&mut allowances, &kick, 100, after(3_600_000)), 1);
    assert_eq!(reports(&mut allowances, &add, 50, START), 0);
    assert_eq!(allowances.done(ALICE, &add, START), Some(Suspicion::Adds));
    assert_eq!(allowances.done(ALICE, &send(), START), None);
    // Whoever does it now and then is not suspect.
    let mut calm = Allowances::new(LIMITS);
    assert_eq!((0..100).filter_map(|n| calm.done(ALICE, &kick, after(n * 180_000))).count(), 0);
}

#[test]
fn what_makes_no_difference_is_forgotten() {
    let mut allowances = Allowances::new(LIMITS);
    allowed(&mut allowances, &send(), START);
    allowances.tidy(START);
    assert_eq!(allowances.accounts.len(), 1);
    allowances.tidy(after(5_000));
    assert!(allowances.accounts.is_empty());
}

#[test]
fn whoever_has_guessed_too_often_learns_no_title_from_its_being_free() {
    let (mut allowances, world) = (Allowances::new(LIMITS), World::default());
    let (room, title) = (RoomId::from_random(1), || "ops".parse().unwrap());
    let rename = Command::Rename { room, title: title() };
    let taken = || Refusal::from(Code::TitleTaken);
    allowances.charge(&world, ALICE, &rename, START).unwrap();
    let refused = |it: &mut Allowances| it.refused(ALICE, &rename, taken(), START).0;
    let told = (0..10_000).map(|_| refused(&mut allowances)).find(|it| it.code != Code::TitleTaken);
    let told = told.expect("guesses are limited");
    let free = allowances.charge(&world, ALICE, &rename, START).unwrap_err();
    assert_eq!(free, told, "free and taken are told alike");
}
