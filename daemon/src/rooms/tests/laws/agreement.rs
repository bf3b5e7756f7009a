//! The rules and the naive model agree on everything.

use proptest::prelude::*;

use super::super::model::Model;
use super::super::walk::{KEEP, Taken, Walk};
use super::on_walks;

#[test]
fn the_rules_agree_with_the_naive_model() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        let mut model = Model::default();
        for Taken { actor, command, made, told, .. } in &walk.begun {
            prop_assert_eq!(&model.run(*actor, command, walk.now, *made), told);
        }
        for step in steps {
            let Taken { actor, command, made, told, .. } = walk.take(step);
            let expected = model.run(actor, &command, walk.now, made);
            prop_assert_eq!(told, expected, "{:?} asks {:?}", actor, command);
            prop_assert_eq!(walk.view(), model.view(), "{:?} did {:?}", actor, command);
        }
        Ok(())
    });
}

#[test]
fn what_is_due_is_what_the_model_has_to_see_to() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        let mut model = Model::default();
        for Taken { actor, command, made, .. } in &walk.begun {
            model.run(*actor, command, walk.now, *made).unwrap();
        }
        for step in steps {
            let Taken { actor, command, made, .. } = walk.take(step);
            let _ = model.run(actor, &command, walk.now, made);
            let due = walk.world.due(walk.now, &KEEP, usize::MAX);
            let expected = model.due(walk.now, &KEEP);
            prop_assert_eq!(due.len(), expected.len(), "{:?}\n{:?}", due, expected);
            for command in &expected {
                prop_assert!(due.contains(command), "{:?} is not due", command);
            }
        }
        Ok(())
    });
}
