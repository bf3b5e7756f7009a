//! A TOML document whose faults are named with their line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::ConfigError;

/// The text of a configuration file, and what the file is called.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// A key and its value.
pub(super) type Pair<'a, 'b> = (&'a Spanned<DeString<'b>>, &'a Spanned<DeValue<'b>>);

impl<'a> Document<'a> {
    /// Its table.
    ///
    /// # Errors
    /// Where it is no TOML.
    pub(super) fn table(self) -> Result<DeTable<'a>, ConfigError> {
        let parsed = DeTable::parse(self.text).map_err(|error| {
            let at = error.span().unwrap_or(0..0);
            self.error(&at, error.message())
        })?;
        Ok(parsed.into_inner())
    }

    /// Where something stands: the file and the line.
    pub(super) fn place(self, at: &Range<usize>) -> String {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        format!("{}:{}", self.name, before.matches('\n').count() + 1)
    }

    pub(super) fn error(self, at: &Range<usize>, why: &str) -> ConfigError {
        ConfigError(format!("{}: {why}", self.place(at)))
    }

    /// The keys of a section, in the order in which they stand.
    ///
    /// # Errors
    /// Where it is none.
    pub(super) fn section<'s, 't>(
        self,
        (key, value): Pair<'s, 't>,
        example: &str,
    ) -> Result<Vec<Pair<'s, 't>>, ConfigError> {
        let table = value.get_ref().as_table().ok_or_else(|| {
            self.error(&key.span(), &format!("this is to be a section, such as {example}"))
        })?;
        Ok(in_order(table))
    }

    /// The words of a value: one, or several in an array.
    ///
    /// # Errors
    /// For values that no setting has.
    pub(super) fn words(self, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, ConfigError> {
        match value.get_ref() {
            DeValue::Array(values) => values.iter().map(|value| self.word(value)).collect(),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Boolean(_)
            | DeValue::Float(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => Ok(vec![self.word(value)?]),
        }
    }

    /// The word of a value that is one.
    ///
    /// # Errors
    /// For several, and for values that no setting has.
    pub(super) fn one_word(self, value: &Spanned<DeValue<'_>>) -> Result<String, ConfigError> {
        match <[String; 1]>::try_from(self.words(value)?) {
            Ok([word]) => Ok(word),
            Err(_) => Err(self.error(&value.span(), "takes one value")),
        }
    }

    /// Whether a value is yes.
    ///
    /// # Errors
    /// Where it is neither yes nor no.
    pub(super) fn yes(self, value: &Spanned<DeValue<'_>>) -> Result<bool, ConfigError> {
        match self.one_word(value)?.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            other => {
                let why = format!("{other:?} is not an answer; use true or false");
                Err(self.error(&value.span(), &why))
            }
        }
    }

    fn word(self, value: &Spanned<DeValue<'_>>) -> Result<String, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(number.as_str().to_owned()),
            DeValue::Boolean(true) => Ok("yes".to_owned()),
            DeValue::Boolean(false) => Ok("no".to_owned()),
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(self.error(&value.span(), "use a text, a whole number, or true and false"))
            }
        }
    }
}

/// What a table holds, in the order in which it stands: the table itself is sorted by name.
pub(super) fn in_order<'a, 'b>(table: &'a DeTable<'b>) -> Vec<Pair<'a, 'b>> {
    let mut pairs: Vec<_> = table.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    pairs
}
