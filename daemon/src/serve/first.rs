//! The way into a new server that takes no sign-ups: a code for its first operator.

use std::io::{self, Write};

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
    /// For how long it still counts, in milliseconds.
    left_ms: i64,
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
        Some((code, terms)) => {
            First { code, left_ms: terms.until.0.saturating_sub(now.0), new: None }
        }
        None => First {
            code: SignUpCode::from_random(rand::random()),
            left_ms: VALID_MS,
            new: Some(CodeTerms {
                uses: 1,
                until: Timestamp(now.0.saturating_add(VALID_MS)),
                standing: Standing::Operator,
            }),
        },
    })
}

impl First {
    /// Makes the code count, and says so. Whoever does not hear it is shown it by `parlord code list`.
    ///
    /// # Errors
    /// The store took no code.
    pub(super) async fn tell(self, server: &Server) -> Result<(), ServeError> {
        if let Some(terms) = self.new {
            let command = Command::MakeCode { code: self.code, terms };
            server.obey(command, None).await.map_err(|it| ServeError::FirstCode(it.code))?;
        }
        let (within, code) = (span(self.left_ms), self.code);
        let told = format!("sign up as the first operator within {within} with the code {code}");
        let _unheard = writeln!(io::stderr(), "{told}");
        Ok(())
    }
}

/// A span in hours, or in minutes where it is less than one; never longer than it is but for the
/// last minute.
fn span(ms: i64) -> String {
    let minutes = (ms / 60_000).max(1);
    match (minutes / 60, minutes) {
        (0, 1) => "1 minute".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (1, _) => "1 hour".to_owned(),
        (hours, _) => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_hours_and_at_its_end_in_minutes() {
        let told = [VALID_MS, VALID_MS - 1, 7_199_999, 3_599_999, 119_999, 1].map(span);
        assert_eq!(told, ["24 hours", "23 hours", "1 hour", "59 minutes", "1 minute", "1 minute"]);
    }
}
