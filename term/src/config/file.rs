//! What the configuration file says of servers: ssh's keys, for all or in a host's section.

use super::document::{Document, Pair, in_order};
use super::screen::SECTIONS;
use super::{ConfigError, Key, Setting, check, unknown};
use crate::pattern;

/// The file's settings for a host: those of its sections first, in their order.
///
/// # Errors
/// For whatever is not understood anywhere in the file, with its line.
pub(super) fn settings(name: &str, text: &str, host: &str) -> Result<Vec<Setting>, ConfigError> {
    let file = Document { name, text };
    let table = file.table()?;
    let (mut ours, mut all) = (Vec::new(), Vec::new());
    for pair in in_order(&table) {
        let (key, value) = pair;
        if SECTIONS.contains(&key.get_ref().as_ref()) {
            continue;
        }
        if key.get_ref() != "host" {
            if value.get_ref().is_table() {
                let known: Vec<_> = ["host"].into_iter().chain(SECTIONS).collect();
                return Err(file.error(&key.span(), &unknown("section", key.get_ref(), &known)));
            }
            all.push(setting(file, pair)?);
            continue;
        }
        for section in file.section(pair, "[host.\"chat\"]")? {
            let is_ours = pattern::matches(section.0.get_ref().split_whitespace(), host);
            for pair in file.section(section, "[host.\"chat\"]")? {
                let setting = setting(file, pair)?;
                if is_ours {
                    ours.push(setting);
                }
            }
        }
    }
    ours.append(&mut all);
    Ok(ours)
}

fn setting(file: Document<'_>, (key, value): Pair<'_, '_>) -> Result<Setting, ConfigError> {
    let parsed = key.get_ref().parse::<Key>();
    let parsed = parsed.map_err(|why| file.error(&key.span(), &why))?;
    let setting =
        Setting { key: parsed, words: file.words(value)?, place: file.place(&key.span()) };
    // A fault is told of also where it stands in the section of another host.
    check(&setting).map_err(|why| file.error(&key.span(), &why))?;
    Ok(setting)
}
