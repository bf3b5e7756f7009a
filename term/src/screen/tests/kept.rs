//! How it is shown what waits, what is held up, and what is still coming.

use parlor_protocol::id::Timestamp;
use parlor_protocol::message::MessageKind;

use super::{NOW, model, shot};
use crate::model::{Link, LocalId, SendState, Unsent};

#[test]
fn each_message_shows_how_it_stands_and_a_gap_that_it_is_being_filled() {
    let mut model = model();
    model.link = Link::Online { round_trip: None };
    model.input.take();
    let unsent = |local, text: &str, state| Unsent {
        local: LocalId(local),
        text: text.to_owned(),
        kind: MessageKind::Said,
        state,
    };
    model.rooms[0].catching_up = true;
    model.rooms[0].unsent = vec![
        unsent(1, "not mine to say", SendState::Refused("you are not a member.".into())),
        unsent(2, "one too many", SendState::Held { until: Timestamp(NOW.0 + 3_200) }),
        unsent(3, "on the disk", SendState::Queued),
        unsent(4, "not on the disk", SendState::Unkept),
    ];
    insta::assert_snapshot!(shot(model, (80, 14)), @r"
     1 general                        alice@chat.example.org  ED25519 pinned  14:05
              <box>
          and I do not know why it is, but I shall look into it after lunch
    14:04 alice: thanks
    fetching what was said meanwhile …
          alice: ✗ not mine to say
          not sent: you are not a member.
          alice: ◷ one too many
          the server takes it in 4 s
          alice: ◷ on the disk
          alice: … not on the disk
     [2 ops 3]                                                             outbox 3
     > █
     F7 rooms  F8 members  F9 notices  Alt-A next unread  F1 help
    ");
}
