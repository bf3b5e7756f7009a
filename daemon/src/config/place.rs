//! Where the configuration is, and where the data of a server whose configuration cannot be used.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{CONFIG_VARIABLE, Config, Overrides, Sources, Surroundings, data_directory};
use crate::regular;

/// Whether anybody has named the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Somewhere,
    /// It is the system's, which need not be there.
    Nowhere,
}

/// The configuration file.
pub(super) fn path_of(overrides: &Overrides, here: &Surroundings) -> (PathBuf, Named) {
    let variable = || here.variables.get(CONFIG_VARIABLE).map(PathBuf::from);
    match overrides.config.clone().or_else(variable) {
        Some(path) => (path, Named::Somewhere),
        None => (here.system_config.clone(), Named::Nowhere),
    }
}

impl Config {
    /// The data directory that the configuration names, whatever is wrong with the rest of it; `None`
    /// where not even that can be told.
    pub(crate) fn data_at_least(overrides: &Overrides, here: &Surroundings) -> Option<PathBuf> {
        let (path, _) = path_of(overrides, here);
        let bytes = regular::read(&path).unwrap_or_default();
        let file = named_in(&String::from_utf8_lossy(&bytes))
            .map(|data| path.parent().unwrap_or(Path::new("")).join(data));
        data_directory(overrides, here, file, &mut Sources::new()).ok()
    }
}

fn named_in(text: &str) -> Option<PathBuf> {
    let (table, _whatever_is_wrong) = DeTable::parse_recoverable(text);
    match table.as_ref().get("data")?.as_ref() {
        DeValue::String(data) => Some(PathBuf::from(data.as_ref())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_is_found_beside_whatever_is_wrong() {
        for text in [
            "data = \"/srv\"",
            "nonsense = 5\ndata = \"/srv\"\n[limits]\nmessages_burst = \"many\"",
            "data = \"/srv\"\n[limits\nmessages_burst = ]",
        ] {
            assert_eq!(named_in(text), Some(PathBuf::from("/srv")), "{text}");
        }
        for text in ["", "data = 5", "[server]\ndata = \"/srv\""] {
            assert_eq!(named_in(text), None, "{text}");
        }
    }
}
