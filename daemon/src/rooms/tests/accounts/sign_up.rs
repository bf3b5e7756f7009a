//! The stories of sign-up: its modes, codes, approval and denial.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::Timestamp;
use parlor_protocol::refusal::Code;

use super::super::scene::{DAY, HOUR, Scene, add_user_as, password, sign_up_in};
use crate::rooms::{Actor, CodeTerms, Command, Retention, SignUpCode, Standing, Status};

fn with_code(name: &str, mode: SignUpMode, code: u64) -> Command {
    let (name, code) = (name.parse().unwrap(), Some(SignUpCode::from_random(code)));
    Command::SignUp { name, password: password(), device: None, mode, code }
}

impl Scene {
    fn make_code(&mut self, code: u64, uses: u32, standing: Standing) {
        let until = Timestamp(self.now.0 + DAY);
        let terms = CodeTerms { uses, until, standing };
        let code = SignUpCode::from_random(code);
        self.act(Actor::Console, &Command::MakeCode { code, terms }).unwrap();
    }

    fn status(&self, name: &str) -> Option<Status> {
        let user = self.world.account_by_name(&name.parse().unwrap())?;
        Some(self.world.user(user)?.status)
    }

    fn sign_up_by(&mut self, command: &Command) -> Result<(), Code> {
        self.act(Actor::Stranger, command).map(drop)
    }
}

/// How strangers sign up, with which code (1 is an ordinary one, 2 an operator's, 3 is none), and
/// what comes of it.
const MODES: &[(SignUpMode, [Result<Status, Code>; 4])] = {
    use Code::{BadCode, SignUpClosed};
    use Status::{Active, Waiting};
    &[
        (SignUpMode::Closed, [Err(SignUpClosed), Err(SignUpClosed), Ok(Active), Err(SignUpClosed)]),
        (SignUpMode::Code, [Err(BadCode), Ok(Active), Ok(Active), Err(BadCode)]),
        (SignUpMode::Approval, [Ok(Waiting), Ok(Active), Ok(Active), Err(BadCode)]),
        (SignUpMode::Open, [Ok(Active), Ok(Active), Ok(Active), Err(BadCode)]),
    ]
};

#[test]
fn who_may_sign_up_is_for_the_mode_and_the_code_to_say() {
    for &(mode, answers) in MODES {
        for (code, answer) in (0..).zip(answers) {
            let mut scene = Scene::new();
            scene.make_code(1, 1, Standing::Ordinary);
            scene.make_code(2, 1, Standing::Operator);
            let command =
                if code == 0 { sign_up_in("ann", mode) } else { with_code("ann", mode, code) };
            let came = scene.sign_up_by(&command).map(|()| scene.status("ann").unwrap());
            assert_eq!(came, answer, "{mode:?} with {code}");
            if came.is_ok() {
                let user = scene.world.account_by_name(&"ann".parse().unwrap()).unwrap();
                let is_operator = scene.world.user(user).unwrap().standing == Standing::Operator;
                assert_eq!(is_operator, code == 2);
            }
        }
    }
}

#[test]
fn the_mode_that_was_set_by_command_beats_the_configured_one() {
    let mut scene = Scene::new();
    let set = Command::SetSignUpMode { mode: SignUpMode::Closed };
    scene.act(Actor::Console, &set).unwrap();
    assert_eq!(scene.act(Actor::Console, &set), Ok(vec![]));
    let open = sign_up_in("ann", SignUpMode::Open);
    assert_eq!(scene.sign_up_by(&open), Err(Code::SignUpClosed));
}

#[test]
fn a_code_ends_by_its_uses_its_time_or_an_operator() {
    let mut scene = Scene::new();
    scene.make_code(1, 2, Standing::Ordinary);
    let by = |name: &str| with_code(name, SignUpMode::Code, 1);
    scene.sign_up_by(&by("ann")).unwrap();
    assert_eq!(scene.sign_up_by(&by("ann")), Err(Code::NameTaken), "which uses up nothing");
    scene.sign_up_by(&by("ben")).unwrap();
    assert_eq!(scene.sign_up_by(&by("cid")), Err(Code::BadCode));
    scene.make_code(1, 2, Standing::Ordinary);
    scene.wait_ms(DAY);
    assert_eq!(scene.sign_up_by(&by("cid")), Err(Code::BadCode));
    let revoke = Command::RevokeCode { code: SignUpCode::from_random(1) };
    assert_eq!(scene.ask(Actor::Console, &revoke), Err(Code::BadCode), "it is over");
    scene.make_code(1, 2, Standing::Ordinary);
    scene.act(Actor::Console, &revoke).unwrap();
    assert_eq!(scene.sign_up_by(&by("cid")), Err(Code::BadCode));
}

#[test]
fn a_sign_up_that_waits_holds_its_name_and_operators_are_told() {
    let mut scene = Scene::new();
    for name in ["boss", "idle"] {
        scene.act(Actor::Console, &add_user_as(name, Standing::Operator)).unwrap();
    }
    let idle = Command::DisableUser { user: "idle".parse().unwrap() };
    scene.act(Actor::Console, &idle).unwrap();
    let waiting = sign_up_in("ann", SignUpMode::Approval);
    scene.sign_up_by(&waiting).unwrap();
    assert_eq!(scene.sign_up_by(&waiting), Err(Code::NameTaken));
    let user =
        |scene: &Scene, name: &str| scene.world.account_by_name(&name.parse().unwrap()).unwrap();
    let (boss, idle, ann) = (user(&scene, "boss"), user(&scene, "idle"), user(&scene, "ann"));
    assert_eq!((scene.told(boss), scene.told(idle)), ("sign-up-waiting".into(), String::new()));
    assert_eq!(scene.create(ann, "ops"), Err(Code::LoginRequired));
    assert_eq!(scene.world.user_by_name(&"ann".parse().unwrap()), None, "nobody to deal with yet");
    let approve = Command::ApproveSignUp { user: "ann".parse().unwrap() };
    scene.act(Actor::Console, &approve).unwrap();
    assert!(scene.create(ann, "ops").is_ok(), "at once");
    assert_eq!(scene.ask(Actor::Console, &approve), Err(Code::NoSuchRequest));
}

#[test]
fn a_denial_frees_the_name_at_once_and_is_told_for_seven_days() {
    let mut scene = Scene::new();
    let deny = |name: &str| Command::DenySignUp {
        user: name.parse().unwrap(),
        reason: "who are you".parse().ok(),
    };
    for name in ["ann", "ben"] {
        scene.sign_up_by(&sign_up_in(name, SignUpMode::Approval)).unwrap();
        scene.act(Actor::Console, &deny(name)).unwrap();
    }
    assert_eq!(scene.status("ann"), Some(Status::Denied));
    assert_eq!(scene.ask(Actor::Console, &deny("ann")), Err(Code::NoSuchUser));
    let first = scene.world.account_by_name(&"ann".parse().unwrap());
    scene.sign_up_by(&sign_up_in("ann", SignUpMode::Open)).unwrap();
    assert_eq!(scene.status("ann"), Some(Status::Active));
    assert_ne!(scene.world.account_by_name(&"ann".parse().unwrap()), first);
    let keep = Retention {
        associations_ms: HOUR,
        notifications_ms: HOUR,
        terminated_ms: HOUR,
        messages_ms: None,
        devices_ms: 90 * DAY,
    };
    scene.wait_ms(7 * DAY - 1);
    assert_eq!(scene.world.due(scene.now, &keep, 9), []);
    scene.wait_ms(1);
    for command in scene.world.due(scene.now, &keep, 9) {
        scene.act(Actor::Clock, &command).unwrap();
    }
    assert_eq!(scene.status("ben"), None);
}
