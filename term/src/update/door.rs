//! What is said and asked on the way in, and what is answered.

use super::popups::edit;
use super::{Ask, AtDoor, Intent, form};
use crate::keymap::{Action, Scroll};
use crate::model::{Door, Model, Reach, Reply};

/// What a key does while one is not in yet; `None` where one is.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Intent>> {
    let door = model.door.as_mut()?;
    if matches!(action, Action::Suspend | Action::Redraw) {
        return None;
    }
    if matches!(action, Action::Close | Action::Clear) {
        return Some(vec![Intent::Quit]);
    }
    if action == Action::Enter {
        return Some(answer(door));
    }
    if let Action::Scroll(scroll) = action {
        door.back = match scroll {
            Scroll::PageUp | Scroll::First => (door.back + LINES).min(BACK_MAX),
            Scroll::PageDown => door.back.saturating_sub(LINES),
            Scroll::Last | Scroll::NextMention | Scroll::PreviousMention => 0,
        };
        return Some(Vec::new());
    }
    let Some(prompt) = &mut door.prompt else { return Some(Vec::new()) };
    match &mut prompt.reply {
        Reply::Line(input) => {
            edit(input, &mut model.kill_ring, action);
        }
        Reply::Secret(secret) => form::secret_line(secret, action),
        Reply::Choice { of, chosen } => {
            if let Action::Go(Reach::Up | Reach::Left) = action {
                *chosen = chosen.saturating_sub(1);
            } else if let Action::Go(Reach::Down | Reach::Right) = action {
                *chosen = (*chosen + 1).min(of.len() - 1);
            }
        }
    }
    Some(Vec::new())
}

/// What is typed or pasted while one is not in yet; `None` where one is.
pub(super) fn insert(model: &mut Model, text: &str) -> Option<Vec<Intent>> {
    let door = model.door.as_mut()?;
    // Whoever pastes an answer does not mean the line break behind it.
    let text = text.trim_end_matches(['\r', '\n']);
    match door.prompt.as_mut().map(|prompt| &mut prompt.reply) {
        Some(Reply::Line(input)) => drop(input.insert(&text.replace(['\r', '\n'], " "))),
        Some(Reply::Secret(secret)) => secret.insert(text),
        Some(Reply::Choice { .. }) | None => {}
    }
    Some(Vec::new())
}

/// How far a key scrolls.
const LINES: usize = 3;
/// How far one can scroll back: beyond all that is said on the way in, on the narrowest screen.
const BACK_MAX: usize = 60;

/// What is known of a server's key that is in `known_hosts`.
pub(crate) const PINNED: &str = "ED25519 pinned";

/// Takes in what happens on the way in.
pub(super) fn take(model: &mut Model, news: AtDoor) {
    match (&mut model.door, news) {
        (Some(door), AtDoor::Said(text)) => door.say(&text),
        (Some(door), AtDoor::Asked(prompt)) => {
            door.prompt = Some(prompt);
            door.asked = true;
            door.back = 0;
        }
        (_, AtDoor::Trusted) => PINNED.clone_into(&mut model.key),
        (door, AtDoor::Opened(restored)) => {
            *door = None;
            model.restore(*restored);
        }
        (None, AtDoor::Said(_) | AtDoor::Asked(_)) => {}
    }
}

fn answer(door: &mut Door) -> Vec<Intent> {
    match door.prompt.take() {
        Some(prompt) => {
            // As on any terminal, what was asked and answered is seen from then on.
            match &prompt.reply {
                Reply::Line(input) => door.say(&format!("{} {}", prompt.text.trim(), input.text())),
                Reply::Secret(_) => door.say(prompt.text.trim()),
                Reply::Choice { of, chosen } => door.say(of[*chosen]),
            }
            vec![Intent::Ask(Ask::Answer(prompt.answer()))]
        }
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::Timestamp;
    use zeroize::Zeroizing;

    use super::super::{Msg, News, update};
    use super::*;
    use crate::model::{Answered, Prompt, Secret};

    fn at_the_door(reply: Reply) -> Model {
        let mut model = Model::new("alice", "chat", "new", Timestamp(0));
        model.door = Some(Door::default());
        let prompt = Prompt { text: "What? ".into(), reply };
        update(&mut model, Msg::News(News::Door(AtDoor::Asked(prompt))));
        model
    }

    fn answered(model: &mut Model) -> Vec<Intent> {
        update(model, Msg::Act(Action::Enter))
    }

    fn text(text: &str) -> Vec<Intent> {
        vec![Intent::Ask(Ask::Answer(Answered::Text(Zeroizing::new(text.into()))))]
    }

    #[test]
    fn a_secret_is_answered_and_never_said() {
        let mut model = at_the_door(Reply::Secret(Secret::default()));
        update(&mut model, Msg::Paste("hunter22x\n".into()));
        update(&mut model, Msg::Act(Action::Delete(Reach::Left)));
        update(&mut model, Msg::Act(Action::Kill(Reach::WordLeft)));
        assert_eq!(answered(&mut model), text("hunter22"));
        let door = model.door.as_ref().unwrap();
        assert_eq!((door.said.join("|"), &door.prompt), ("What?".to_owned(), &None));
        assert_eq!(answered(&mut model), [], "nothing is asked");
    }

    #[test]
    fn a_line_and_a_choice_are_answered_and_seen() {
        let mut model = at_the_door(Reply::Line(Default::default()));
        update(&mut model, Msg::Type('y'));
        assert_eq!(answered(&mut model), text("y"));
        assert_eq!(model.door.as_ref().unwrap().said, ["What? y"]);
        let mut model = at_the_door(Reply::Choice { of: &["in", "up"], chosen: 0 });
        update(&mut model, Msg::Act(Action::Go(Reach::Down)));
        update(&mut model, Msg::Act(Action::Go(Reach::Down)));
        let choice = Ask::Answer(Answered::Choice(1));
        assert_eq!(answered(&mut model), [Intent::Ask(choice)]);
    }

    #[test]
    fn whoever_does_not_want_to_come_in_goes_at_once() {
        for action in [Action::Close, Action::Clear] {
            let mut model = at_the_door(Reply::Line(Default::default()));
            assert_eq!(update(&mut model, Msg::Act(action)), [Intent::Quit]);
        }
    }
}
