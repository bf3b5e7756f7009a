//! A world with one of each kind of asker.

use parlor_protocol::id::RoomId;
use parlor_protocol::room::{Entry, Visibility};

use super::super::scene::{Scene, add_user_as, device};
use crate::rooms::{Actor, Command, Standing};

/// Someone, and the room of which they speak.
pub(in super::super) struct Asker {
    pub(in super::super) what: &'static str,
    pub(in super::super) actor: Actor,
    pub(in super::super) room: RoomId,
}

/// How many columns the table has.
pub(super) const ASKERS: usize = 21;
/// The operator's column.
pub(super) const OPERATOR: usize = 17;

/// All in order of the table's columns.
pub(super) fn stage() -> (Scene, [Asker; ASKERS]) {
    let mut scene = Scene::new();
    let names = ["owner", "admin", "deputy", "member", "former", "banned", "outlaw", "silent"];
    let [owner, admin, deputy, member, former, banned, outlaw, silent] = scene.users(names);
    let names = ["kicked", "asked", "guest", "estranged", "outsider", "gone", "blocker", "loner"];
    let [kicked, asked, guest, estranged, outsider, gone, blocker, _] = scene.users(names);
    scene.act(Actor::Console, &add_user_as("operator", Standing::Operator)).unwrap();
    let operator = scene.world.user_by_name(&"operator".parse().unwrap()).unwrap();

    let live = scene.create_as(owner, "live", Visibility::Public, Entry::Ask).unwrap();
    for user in [admin, deputy, member, former, kicked] {
        scene.add(owner, live, user).unwrap();
    }
    scene.appoint(admin, live);
    scene.appoint(deputy, live);
    scene.leave(former, live).unwrap();
    scene.kick(owner, live, kicked).unwrap();
    scene.ban(admin, live, banned).unwrap();
    scene.ban(owner, live, outlaw).unwrap();
    scene.request(asked, live).unwrap();
    scene.invite(owner, live, guest).unwrap();
    scene.block(blocker, owner);
    scene.block(blocker, admin);

    let open = scene.create(owner, "open").unwrap();
    let eager = scene.sign_up("eager");
    scene.request(eager, open).unwrap();
    let secret = scene.create_as(owner, "secret", Visibility::Private, Entry::Ask).unwrap();
    scene.add(owner, secret, estranged).unwrap();
    scene.leave(estranged, secret).unwrap();
    scene.ban(owner, secret, silent).unwrap();

    let dead = scene.create(gone, "dead").unwrap();
    scene.leave(gone, dead).unwrap();
    let unknown = RoomId::from_random(u64::MAX);
    let user = |what, user, room| Asker { what, actor: Actor::User(user), room };
    let askers = [
        Asker { what: "stranger", actor: Actor::Stranger, room: live },
        Asker { what: "console", actor: Actor::Console, room: live },
        Asker { what: "clock", actor: Actor::Clock, room: live },
        user("user of no room", outsider, unknown),
        user("user of a terminated room", outsider, dead),
        user("survivor", gone, dead),
        user("outsider of an asking room", outsider, live),
        user("outsider of an open room", outsider, open),
        user("banned", banned, live),
        user("silently banned", silent, secret),
        user("kicked", kicked, live),
        user("requested", asked, live),
        user("requested of an open room", eager, open),
        user("invited", guest, live),
        user("left a private room", estranged, secret),
        user("stranger to a private room", outsider, secret),
        user("former member", former, live),
        user("operator", operator, live),
        user("member", member, live),
        user("admin", admin, live),
        user("owner", owner, live),
    ];
    for (key, asker) in (1..).zip(&askers) {
        if matches!(asker.actor, Actor::User(_)) {
            scene.act(asker.actor, &Command::AddDevice { device: device(key) }).unwrap();
        }
    }
    (scene, askers)
}
