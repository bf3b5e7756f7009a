//! Time: whether and when the housekeeping runs makes no difference, nor does a clock that is wrong.

use proptest::prelude::*;

use super::super::walk::{KEEP, Walk};
use super::on_walks;
use super::rooms::all_is_well;
use super::storage::restored;
use crate::rooms::{Actor, Command, Retention, WhichNotices};

/// So long that nothing is forgotten.
const FOR_EVER: i64 = i64::MAX / 4;

#[test]
fn what_is_over_does_not_count_whether_or_not_it_was_cleared_away() {
    let keep = Retention {
        associations_ms: FOR_EVER,
        notifications_ms: FOR_EVER,
        terminated_ms: FOR_EVER,
        messages_ms: None,
        devices_ms: FOR_EVER,
    };
    on_walks(|steps| {
        let mut tidy = Walk::new();
        let mut untidy = Walk::new();
        for step in steps {
            let (actor, command) = tidy.come_to(step);
            if actor == Actor::Clock || names_a_notification(&command) {
                continue;
            }
            untidy.now = tidy.now;
            tidy.housekeep(&keep, |_| true);
            // That removed users are still in their rooms is no matter of expiry.
            untidy.housekeep(&keep, |command| matches!(command, Command::Forsake { .. }));
            let shown = format!("{actor:?} asks {command:?}");
            let told = tidy.try_out(actor, command.clone()).told;
            let answer = untidy.try_out(actor, command).told;
            prop_assert_eq!(answer, told, "{}", shown);
        }
        Ok(())
    });
}

/// Notifications are numbered in the order in which they are made, which is the housekeeping's too.
fn names_a_notification(command: &Command) -> bool {
    matches!(
        command,
        Command::ReadNotifications(WhichNotices::One(_))
            | Command::DismissNotifications(WhichNotices::One(_))
    )
}

#[test]
fn whatever_is_due_comes_to_something_and_then_to_an_end() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for (number, step) in steps.iter().enumerate() {
            walk.take(step);
            if let Some(first) = walk.world.due(walk.now, &KEEP, 1).pop() {
                let shown = format!("{first:?}");
                let mut other = walk.without_past();
                let taken = other.try_out(Actor::Clock, first);
                prop_assert!(taken.told.is_ok() && taken.caused > 0, "{}", shown);
            }
            if number % 50 == 49 {
                walk.housekeep(&KEEP, |_| true);
                prop_assert_eq!(walk.world.due(walk.now, &KEEP, usize::MAX), vec![]);
            }
        }
        Ok(())
    });
}

#[test]
fn a_clock_that_goes_back_breaks_nothing() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for (number, step) in steps.iter().enumerate() {
            let back = number % 3 == 0;
            let wait_ms = if back { -3 * step.wait_ms } else { step.wait_ms };
            walk.take(&step.after(wait_ms));
            all_is_well(&walk)?;
            if number % 20 == 19 {
                walk.housekeep(&KEEP, |_| true);
            }
        }
        prop_assert_eq!(&restored(&walk, None), &walk.world);
        Ok(())
    });
}
