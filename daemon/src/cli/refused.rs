//! What is said on stderr: of refusals, and of whatever else went wrong.

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
    (Code::NoSuchUser, "there is no such user; see `parlord user list`"),
    (Code::TooMany, "there are as many as there can be"),
    (Code::Unavailable, "the store failed or its disk is full; see to it and try again"),
];

/// A refusal by the daemon, or by its core.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("refused: {code}: {sentence}")]
pub(super) struct Refused {
    code: Code,
    sentence: &'static str,
}

impl Refused {
    /// Where there is nobody to disconnect.
    pub(super) const NO_SUCH_SESSION: Self = Self {
        code: Code::NoSuchUser,
        sentence: "there is no such session; see `parlord session list`",
    };
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        let known = SENTENCES.iter().find(|(known, _)| *known == code);
        let sentence = known.map_or("only a bug of parlord does this; report it", |known| known.1);
        Self { code, sentence }
    }
}

/// An error on one line. For scripts a refusal is an object, as the client has it; what else went
/// wrong has no code.
pub(crate) fn told(error: &anyhow::Error, form: Form) -> String {
    match (form, error.downcast_ref::<Refused>()) {
        (Form::Json, Some(Refused { code, sentence })) => format!(
            r#"{{"type":"refused","code":"{code}","message":{},"retry_after_ms":null}}"#,
            quote_json(sentence)
        ),
        (Form::Json, None) | (Form::Columns, _) => printable(&chain(error)).into_owned(),
    }
}

/// Many errors of ours quote their cause, which is then not told again.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold("parlord".to_owned(), |told, cause| {
        if told.ends_with(&cause) { told } else { format!("{told}: {cause}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_to_operators() {
        let readme = include_str!("../../../README.md");
        let codes = Code::ALL.iter().filter(|code| **code != Code::Unknown);
        let missing: Vec<_> = codes.filter(|code| !readme.contains(&format!("`{code}`"))).collect();
        assert!(missing.is_empty(), "README.md does not explain {missing:?}");
    }
}
