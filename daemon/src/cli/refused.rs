//! What is said on stderr: of refusals, and of whatever else went wrong.

use std::borrow::Cow;

use parlor_protocol::refusal::Code;
use parlor_protocol::text::{printable, quote_json};

use super::listing::Form;

/// What to say of refusals that can be met here; the others are bugs, told by their code.
const SENTENCES: [(Code, &str); 10] = [
    (Code::NoSuchRequest, "that user does not wait for anything; see `parlord user pending`"),
    (Code::BadCode, "there is no such code; see `parlord code list`"),
    (Code::NoSuchRoom, "there is no such room; name it by its title or ID"),
    (Code::RoomTerminated, "the room has ended for good"),
    (Code::NotAMember, "the user is not in that room; a room is handed to one of its members"),
    (Code::Busy, "another code was made just like this one; try again"),
    (Code::NameTaken, "that name is or was a user's; choose another"),
    (
        Code::NoSuchUser,
        "there is no such user; see `parlord user list`, and `user pending` for sign-ups that wait",
    ),
    (Code::TooMany, "there are as many as there can be"),
    (Code::Unavailable, "the store failed or its disk is full; see to it and try again"),
];

/// A refusal by the daemon, by its core, or by the same rule before either is asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("refused: {code}: {sentence}")]
pub(super) struct Refused {
    code: Code,
    sentence: Cow<'static, str>,
}

impl Refused {
    /// By what the one who asked can know better than the code tells.
    pub(super) fn because(code: Code, sentence: String) -> Self {
        Self { code, sentence: sentence.into() }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        let known = SENTENCES.iter().find(|(known, _)| *known == code);
        let sentence = known.map_or("only a bug of parlord does this; report it", |known| known.1);
        Self { code, sentence: sentence.into() }
    }
}

/// An error on one line. For scripts it is an object: a refusal as the client has it, and what else
/// went wrong without a code.
pub(crate) fn told(error: &anyhow::Error, form: Form) -> String {
    match (form, error.downcast_ref::<Refused>()) {
        (Form::Json, Some(Refused { code, sentence })) => format!(
            r#"{{"type":"refused","code":"{code}","message":{},"retry_after_ms":null}}"#,
            quote_json(sentence)
        ),
        (Form::Json, None) => {
            format!(r#"{{"type":"failed","message":{}}}"#, quote_json(&chain(error)))
        }
        (Form::Columns, _) => printable(&format!("parlord: {}", chain(error))).into_owned(),
    }
}

/// Many errors of ours quote their cause, which is then not told again; a remedy may stand behind
/// it.
fn chain(error: &anyhow::Error) -> String {
    let told = error.chain().map(ToString::to_string).reduce(|told, cause| {
        if told.contains(&cause) { told } else { format!("{told}: {cause}") }
    });
    told.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_is_told_once_also_in_front_of_a_remedy() {
        let cause = anyhow!("permission denied");
        let quoting = cause.context("cannot read x: permission denied; run as root");
        assert_eq!(
            told(&quoting.context("nothing was changed"), Form::Columns),
            "parlord: nothing was changed: cannot read x: permission denied; run as root"
        );
    }

    #[test]
    fn scripts_get_an_object_of_whatever_went_wrong() {
        let weak = Refused::because(Code::WeakPassword, "10 characters at least".to_owned());
        let both = [weak.into(), anyhow!("no \"room\"").context("cannot")]
            .map(|error| told(&error, Form::Json));
        insta::assert_snapshot!(both.join("\n"), @r#"
        {"type":"refused","code":"weak-password","message":"10 characters at least","retry_after_ms":null}
        {"type":"failed","message":"cannot: no \"room\""}
        "#);
    }

    #[test]
    fn every_code_is_explained_to_operators() {
        let readme = include_str!("../../../README.md");
        let codes = Code::ALL.iter().filter(|code| **code != Code::Unknown);
        let missing: Vec<_> = codes.filter(|code| !readme.contains(&format!("`{code}`"))).collect();
        assert!(missing.is_empty(), "README.md does not explain {missing:?}");
    }
}
