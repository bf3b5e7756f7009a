//! Where a new password comes from: the terminal, stdin, or chance.

use std::io::{self, BufRead, Read};

use anyhow::{Context, bail};
use parlor_protocol::name::UserName;
use parlor_protocol::password::{MAX_PASSWORD_BYTES, Password};
use parlor_protocol::refusal::Code;

use super::PasswordArgs;
use super::refused::Refused;

/// Crockford's base32 alphabet: nothing in it is mistaken for anything else when read out.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Groups of [`GROUP_CHARS`] in a password made up: 100 random bits in all.
const GROUPS: usize = 4;
const GROUP_CHARS: usize = 5;

/// A password to register.
pub(super) struct NewPassword {
    pub(super) password: Password,
    /// The text of one that was made up, for the one who has to be told.
    pub(super) made_up: Option<String>,
}

impl NewPassword {
    /// Gets a password as the command line says; `user` is for the prompt.
    pub(super) fn obtain(args: PasswordArgs, user: &UserName) -> anyhow::Result<Self> {
        if args.generate {
            let text = generate();
            let password = Password::parse(&text).context("the password made up is no good")?;
            return Ok(Self { password, made_up: Some(text) });
        }
        let typed = if args.password_stdin {
            first_line(&mut io::stdin().lock()).context("cannot read a password from stdin")?
        } else {
            ask(user)?
        };
        let password = Password::parse(&typed)
            .map_err(|error| Refused::because(Code::WeakPassword, error.to_string()))?;
        Ok(Self { password, made_up: None })
    }
}

fn ask(user: &UserName) -> anyhow::Result<String> {
    let without_terminal =
        "cannot ask for a password without a terminal; use --password-stdin or --generate";
    let typed =
        rpassword::prompt_password(format!("Password for {user}: ")).context(without_terminal)?;
    let again = rpassword::prompt_password("The same again: ").context(without_terminal)?;
    if typed != again {
        bail!("the two passwords differ; nothing was changed");
    }
    Ok(typed)
}

/// The first line without its end. A longer one than any password is cut, and then refused.
fn first_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    // NFC never shortens text to a third.
    input.take(3 * MAX_PASSWORD_BYTES as u64 + 2).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn generate() -> String {
    let group = || {
        let digit = || char::from(ALPHABET[usize::from(rand::random::<u8>() % 32)]);
        (0..GROUP_CHARS).map(|_| digit()).collect::<String>()
    };
    (0..GROUPS).map(|_| group()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_made_up_is_good_and_never_the_same() {
        let (one, two) = (generate(), generate());
        assert_ne!(one, two);
        assert_eq!(one.len(), GROUPS * (GROUP_CHARS + 1) - 1);
        Password::parse(&one).unwrap();
    }

    #[test]
    fn only_the_first_line_counts() {
        let line = |text: &str| first_line(&mut text.as_bytes()).unwrap();
        assert_eq!(line("correct horse\nbattery staple\n"), "correct horse");
        assert_eq!(line("correct horse\r\n"), "correct horse");
        assert_eq!(line("correct horse "), "correct horse ");
        assert_eq!(line(""), "");
        assert!(Password::parse(&line(&"a".repeat(100_000))).is_err());
    }
}
