//! What the screen shows while one writes: the question about a paste, what Tab offers.

use super::{Shown, model, shot};
use crate::keymap::{Key, Named};
use crate::update::{Msg, update};

#[test]
fn a_paste_of_many_lines_is_asked_about() {
    let mut model = model();
    update(&mut model, Msg::Paste("fn main() {\n\tlet x = 1;\n\tdrop(x);\n}\n".into()));
    insta::assert_snapshot!(shot(model.clone(), (60, 14)), @r"
     1 general                     ED25519 pinned  23 ms  14:05
    4 LINES PASTED into general
     s  send as one message
     e  edit first
     j  join the lines, then edit
     c  cancel
     Enter takes · Esc cancels
     │ fn main() {
     │     let x = 1;
     │     drop(x);
     │ }
     [2 ops 3]                                         outbox 1
     > hello wor
     F7 rooms  F8 members  F9 notices  Alt-A next unread  F1 hel
    ");
    insta::assert_snapshot!(shot(model, (40, 10)), @r"
     1 general                 23 ms  14:05
    4 LINES PASTED into general
     s  send as one message
     e  edit first
     j  join the lines, then edit
     c  cancel
     Enter takes · Esc cancels · PgDn more
     │ fn main() {
     [2 ops 3]                     outbox 1
     > hello wor
    ");
}

#[test]
fn what_tab_offers_stands_above_the_input() {
    let mut model = model();
    model.input.set("/t");
    let mut shown = Shown::new(model, (60, 8));
    shown.press(Key::Named(Named::Tab));
    insta::assert_snapshot!(shown.look(), @r"
     1 general                     ED25519 pinned  23 ms  14:05
          and I do not know why it is, but I shall look into it
          after lunch
    14:04 alice: thanks
          alice: ◷ on my way
     [2 ops 3]                                         outbox 1
     [/topic]  /transfer
     > /topic █
    ");
}
