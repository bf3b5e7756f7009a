//! The configuration file as a place to read from, at the start and whenever it has changed.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::{ConfigError, Places, screen};
use crate::preferences::Preferences;
use crate::theme::Background;

/// Where the configuration is, if anywhere.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    path: Option<PathBuf>,
    /// The user named it, so it has to be there.
    is_named: bool,
}

/// The text of a configuration file, and what the file is called.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    /// The name of the file.
    pub(crate) name: String,
    /// What stands in it; nothing where there is none.
    pub(crate) text: String,
}

impl Source {
    /// The file that was named, or else the user's own; `none` is no file.
    pub(crate) fn new(named: Option<&Path>, places: &Places) -> Self {
        let path = match named {
            Some(path) if path == Path::new("none") => None,
            Some(path) => Some(path.to_owned()),
            None => Some(places.config.join("config.toml")),
        };
        Self { path, is_named: named.is_some() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Reads it. The user's own need not be there.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn read(&self) -> Result<Text, ConfigError> {
        let Some(path) = &self.path else { return Ok(Text::default()) };
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Ok(Text { name, text }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_named => {
                Ok(Text { name, text: String::new() })
            }
            Err(error) => Err(ConfigError(format!("cannot read {name}: {error}"))),
        }
    }

    /// Reads anew what it says of the screen. Nothing of a file with a fault is taken.
    ///
    /// # Errors
    /// Where it cannot be read or understood.
    pub(crate) fn preferences(&self) -> Result<Preferences, ConfigError> {
        self.read()?.preferences()
    }
}

impl Text {
    /// What it says of the screen.
    ///
    /// # Errors
    /// For whatever is not understood anywhere in the file.
    pub(crate) fn preferences(&self) -> Result<Preferences, ConfigError> {
        super::file::settings(&self.name, &self.text, "")?;
        screen::preferences(&self.name, &self.text, Background::from_env())
    }
}
