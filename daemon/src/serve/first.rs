//! The way into a new server that takes no sign-ups: a code for its first operator.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::Timestamp;

use super::ServeError;
use crate::control::Daemon;
use crate::rooms::{CodeTerms, Command, SignUpCode, Standing, World};
use crate::session::Server;

/// How long the code counts, in milliseconds: a day.
const VALID_MS: i64 = 24 * 60 * 60 * 1_000;

/// A code that the first operator may sign up with.
pub(super) struct First {
    code: SignUpCode,
    /// What it is good for, where it is still to be made.
    new: Option<CodeTerms>,
}

/// The first operator's code, where nobody is a user and nobody could become one: the one that an
/// earlier start has made, while it counts, else a new one.
pub(super) fn first_operator(
    world: &World,
    configured: SignUpMode,
    now: Timestamp,
) -> Option<First> {
    let mode = world.sign_up_mode().unwrap_or(configured);
    if !world.has_no_users() || mode != SignUpMode::Closed {
        return None;
    }
    let known = world.codes().find(|(_, terms)| {
        terms.standing == Standing::Operator && terms.uses > 0 && now < terms.until
    });
    Some(match known {
        Some((code, _)) => First { code, new: None },
        None => First {
            code: SignUpCode::from_random(rand::random()),
            new: Some(CodeTerms {
                uses: 1,
                until: Timestamp(now.0.saturating_add(VALID_MS)),
                standing: Standing::Operator,
            }),
        },
    })
}

impl First {
    /// Makes the code count.
    ///
    /// # Errors
    /// The store took no code.
    pub(super) async fn make(self, server: &Server) -> Result<SignUpCode, ServeError> {
        if let Some(terms) = self.new {
            let command = Command::MakeCode { code: self.code, terms };
            server.obey(command, None).await.map_err(|it| ServeError::FirstCode(it.code))?;
        }
        Ok(self.code)
    }
}
