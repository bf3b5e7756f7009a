//! The member pane: who is connected, and what they are shown with.

use super::{Shown, model};
use crate::model::Model;

#[test]
fn members_are_marked_as_connected_or_not_and_shown_beside_their_names() {
    let mut model = model();
    let members = &mut model.rooms[0].members;
    for (member, online) in members.iter_mut().zip([true, true, false]) {
        member.online = Some(online);
    }
    members[2].display_name = Some("owner\u{1b}".into());
    let pane = |model: &Model| {
        let screen = Shown::new(model.clone(), (120, 36)).look();
        let lines = screen.lines().filter_map(|line| line.rsplit_once('│')).map(|it| it.1);
        lines.map(|line| line.trim_end().to_owned()).take(4).collect::<Vec<_>>()
    };
    let shown = ["MEMBERS 3", "● alice owner", "● bob admin", "○ carol (owner\u{fffd})"];
    assert_eq!(pane(&model), shown);
    // In a room of so many nobody looks any more.
    model.rooms[0].member_count = 201;
    assert_eq!(pane(&model)[1], "alice owner");
}
