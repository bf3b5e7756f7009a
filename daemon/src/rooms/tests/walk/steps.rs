//! What a step of a walk is, by numbers that any world can make sense of.

use proptest::prelude::*;

use super::super::scene::{DAY, HOUR, MINUTE};

/// One thing that somebody tries.
#[derive(Debug, Clone)]
pub(in super::super) struct Step {
    pub(super) verb: Verb,
    /// Who asks, where not whoever it fits.
    pub(super) who: usize,
    pub(super) fitting: Fitting,
    /// Counted back from the latest live room.
    pub(super) room: usize,
    /// The room to leave.
    pub(super) other: Option<usize>,
    /// About whom.
    pub(super) whom: usize,
    /// Which title, text, code, number or time: what the verb needs.
    pub(super) pick: usize,
    pub(in super::super) wait_ms: i64,
}

impl Step {
    /// The same after another while.
    pub(in super::super) fn after(&self, wait_ms: i64) -> Self {
        Self { wait_ms, ..self.clone() }
    }
}

/// For whom a step looks: most of what anyone may do is for few, and about few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fitting {
    /// Anyone asks about anyone.
    No,
    /// One who may asks about anyone.
    Actor,
    /// One who may asks about somebody with whom it can be done.
    Both,
}

/// How often each thing is tried.
macro_rules! verbs {
    ($($weight:literal $verb:ident)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in super::super) enum Verb {
            $($verb),*
        }

        const VERBS: &[(u32, Verb)] = &[$(($weight, Verb::$verb)),*];
    };
}

verbs! {
    7 SignUp
    1 AddUser
    1 SetPassword
    1 Restretch
    1 SetDisplayName
    4 AddDevice
    2 RevokeDevice
    2 ApproveSignUp
    4 DenySignUp
    2 SetStanding
    1 DisableUser
    2 EnableUser
    1 RemoveUser
    1 SetSignUpMode
    4 MakeCode
    2 RevokeCode
    3 Block
    2 Unblock
    1 ReadNotifications
    1 DismissNotifications
    9 CreateRoom
    12 JoinRoom
    4 LeaveRoom
    8 Send
    3 Resend
    2 MarkRead
    4 Promote
    4 Demote
    2 Transfer
    1 TerminateRoom
    1 SetTopic
    3 Rename
    2 SetSlowMode
    12 RequestToJoin
    2 Withdraw
    4 Approve
    6 Deny
    8 AddMember
    7 InviteUser
    3 RevokeInvite
    4 Kick
    6 BanUser
    3 Unban
    1 Expire
    1 Forget
    1 PruneNotifications
    1 ExpireDevice
    1 Forsake
    1 ForgetSignUp
    1 ExpireCode
    8 Due
}

/// Steps are drawn as plain numbers, since that is many times faster than unions of strategies are.
pub(in super::super) fn steps(len: usize) -> impl Strategy<Value = Vec<Step>> {
    let tries = VERBS.iter().map(|(weight, _)| weight).sum::<u32>();
    let step =
        (0..tries, 0..5_u8, 0..47_usize, 0..140_usize, 0..24_usize, 0..24_usize, 0..60_usize)
            .prop_map(|(verb, fitting, room, other, who, whom, pick)| Step {
                verb: verb_at(verb),
                fitting: match fitting {
                    0 => Fitting::No,
                    1 => Fitting::Actor,
                    _ => Fitting::Both,
                },
                room: nth_room(room),
                // One in three steps names one.
                other: (other < 47).then(|| nth_room(other)),
                who,
                whom,
                pick,
                wait_ms: 0,
            });
    let timed = (step, 0..66_i64, 0..MINUTE).prop_map(|(step, long, ms)| {
        let wait_ms = match long {
            60..63 => HOUR,
            63 => DAY,
            64 => 3 * DAY,
            65 => 7 * DAY,
            _ => ms,
        };
        step.after(wait_ms)
    });
    prop::collection::vec(timed, len)
}

fn verb_at(mut place: u32) -> Verb {
    for &(weight, verb) in VERBS {
        match place.checked_sub(weight) {
            Some(further) => place = further,
            None => return verb,
        }
    }
    unreachable!("places are drawn below the sum of the weights")
}

/// Most steps are about the latest rooms.
fn nth_room(number: usize) -> usize {
    match number {
        0..40 => number % 2,
        number => number - 38,
    }
}
