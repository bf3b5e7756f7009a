//! The operational log: what the daemon says about itself, through log4rs.

mod console;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use log::{LevelFilter, Record, SetLoggerError};
use log4rs::append::file::FileAppenderDeserializer;
use log4rs::append::rolling_file::RollingFileAppenderDeserializer;
use log4rs::append::{Append, AppenderConfig};
use log4rs::config::{Appender, Deserialize, Deserializers, Logger, RawConfig, Root};
use log4rs::encode::{Encode, Write};
use parlor_protocol::text::printable;

use self::console::{Console, ConsoleDeserializer};
use crate::regular;
use crate::serve::CONFINED;

/// The name by which a log4rs file asks for [`Line`].
const KIND: &str = "line";
const STDERR: &str = "stderr";
/// Tells at each start that there is nothing to migrate.
const MIGRATIONS: &str = "refinery_core";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoggingError {
    /// The log4rs file cannot be used.
    #[error("cannot use the log configuration {}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What log4rs said.
        why: String,
    },
    /// There is a log already.
    #[error(transparent)]
    Twice(#[from] SetLoggerError),
}

/// Begins to log for the daemon: as the named log4rs file says, or as `config/log4rs.yaml` does,
/// which is built in.
///
/// # Errors
/// The file cannot be used. None of its parts is left out for being faulty.
pub(crate) fn start(file: Option<&Path>) -> Result<log4rs::Handle, LoggingError> {
    Ok(log4rs::init_config(configured(file, Settings::AsTheyAre)?)?)
}

/// How a running daemon is to log from now on: as the named log4rs file says, or as is built in. The
/// files that it names are made by this. None is emptied, also where they are at each start.
///
/// # Errors
/// The file cannot be used.
pub(crate) fn further(file: Option<&Path>) -> Result<log4rs::Config, LoggingError> {
    configured(file, Settings::Appending)
}

fn configured(file: Option<&Path>, settings: Settings) -> Result<log4rs::Config, LoggingError> {
    match file {
        None => Ok(to_stderr(LevelFilter::Info)),
        Some(path) => {
            check(path)?;
            load(path, &kinds(settings))
        }
    }
}

/// Where the operational log goes.
#[derive(Debug)]
pub(crate) struct Logging {
    /// The way to have it go elsewhere.
    pub(crate) handle: log4rs::Handle,
    /// What the log4rs file says of it, where there is one.
    pub(crate) said: Option<Vec<u8>>,
}

/// What a log4rs file says, byte by byte, so that it can be told whether it has changed; `None` where
/// there is none.
pub(crate) fn said_by(file: Option<&Path>) -> Option<Vec<u8>> {
    file.and_then(|path| regular::read(path).ok())
}

/// Whether a log4rs file can be used, without touching any file that it names.
///
/// # Errors
/// It cannot: also where log4rs would only leave a part of it out.
pub(crate) fn check(path: &Path) -> Result<(), LoggingError> {
    load(path, &kinds(Settings::Nowhere)).map(drop)
}

/// Begins to log for a subcommand, which has something to say only when something goes wrong.
///
/// # Errors
/// There is a log already.
pub(crate) fn start_quietly() -> Result<(), LoggingError> {
    log4rs::init_config(to_stderr(LevelFilter::Warn))?;
    Ok(())
}

/// All that a log4rs file may name.
fn kinds(settings: Settings) -> Deserializers {
    let mut kinds = Deserializers::default();
    kinds.insert(KIND, LineDeserializer);
    kinds.insert("console", ConsoleDeserializer);
    kinds.insert("file", To { kind: FileAppenderDeserializer, settings });
    kinds.insert("rolling_file", To { kind: RollingFileAppenderDeserializer, settings });
    kinds
}

/// The appenders of a log4rs file, which log4rs itself leaves out where they are faulty.
#[derive(Debug, serde::Deserialize)]
struct Appenders {
    #[serde(default)]
    appenders: BTreeMap<String, AppenderConfig>,
}

fn load(path: &Path, kinds: &Deserializers) -> Result<log4rs::Config, LoggingError> {
    let unusable = |why: &dyn std::fmt::Display| LoggingError::File {
        path: path.to_owned(),
        why: printable(&why.to_string()).into_owned(),
    };
    let bytes = regular::read(path).map_err(|error| unusable(&error))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable(&"it is not UTF-8"))?;
    let raw: RawConfig = serde_yaml::from_str(&text).map_err(|error| unusable(&error))?;
    let Appenders { appenders } = serde_yaml::from_str(&text).map_err(|error| unusable(&error))?;
    let mut config = log4rs::Config::builder().loggers(raw.loggers());
    for (name, appender) in appenders {
        let faulty = |error: anyhow::Error| {
            let place = line_of(&text, &name).map_or_else(String::new, |at| format!("line {at}: "));
            let source = error.root_cause().downcast_ref().map(io::Error::kind);
            let read_only = source == Some(io::ErrorKind::ReadOnlyFilesystem);
            let remedy = if read_only { CONFINED } else { "" };
            unusable(&format!("{place}appender {name}: {error:#}{remedy}"))
        };
        let mut built = Appender::builder();
        for filter in appender.filters {
            built = built.filter(kinds.deserialize(&filter.kind, filter.config).map_err(faulty)?);
        }
        let appender = kinds.deserialize(&appender.kind, appender.config).map_err(faulty)?;
        config = config.appender(built.build(name, appender));
    }
    let config = config.build(raw.root()).map_err(|errors| match errors.errors() {
        [first, ..] => unusable(first),
        [] => unusable(&errors),
    })?;
    if config.root().appenders().is_empty() {
        return Err(unusable(&"its root has no appenders, so the log would be lost"));
    }
    Ok(config)
}

/// The line on which an appender begins, where it is written as in most files.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let begins =
        |line: &str| line.trim_start().strip_prefix(name).is_some_and(|it| it.starts_with(':'));
    text.lines().position(begins).map(|at| at + 1)
}

/// What becomes of the settings of an appender that writes to a file.
#[derive(Debug, Clone, Copy)]
enum Settings {
    /// They count.
    AsTheyAre,
    /// What is in its file stays there, whatever `append` says.
    Appending,
    /// All of them are looked at as ever, and its file is not.
    Nowhere,
}

/// A kind of file appender, and what becomes of its settings.
struct To<D> {
    kind: D,
    settings: Settings,
}

impl<D: Deserialize<Trait = dyn Append>> Deserialize for To<D> {
    type Trait = dyn Append;
    type Config = serde_yaml::Mapping;

    fn deserialize(
        &self,
        mut config: serde_yaml::Mapping,
        kinds: &Deserializers,
    ) -> anyhow::Result<Box<dyn Append>> {
        match self.settings {
            Settings::AsTheyAre => {}
            Settings::Appending => drop(config.insert("append".into(), true.into())),
            Settings::Nowhere => {
                if let Some(path) = config.get_mut("path").filter(|path| path.is_string()) {
                    *path = "/dev/null".into();
                }
            }
        }
        let config = serde_yaml::from_value(serde_yaml::Value::Mapping(config))?;
        self.kind.deserialize(config, kinds)
    }
}

fn to_stderr(level: LevelFilter) -> log4rs::Config {
    let stderr = Console::stderr(Box::new(Line));
    log4rs::Config::builder()
        .appender(Appender::builder().build(STDERR, Box::new(stderr)))
        .logger(Logger::builder().build(MIGRATIONS, LevelFilter::Warn))
        .build(Root::builder().appender(STDERR).build(level))
        .expect("invariant: the one appender that is named exists")
}

/// Writes a record as one harmless line, whatever its message quotes: the time, the level, the
/// module and the message.
#[derive(Debug)]
struct Line;

impl Encode for Line {
    fn encode(&self, out: &mut dyn Write, record: &Record<'_>) -> anyhow::Result<()> {
        let (level, target, at) = (record.level(), record.target(), jiff::Timestamp::now());
        // The line as a whole, because parts that are harmless alone need not be so together.
        let line = format!("{at:.3} {level:<5} {target}: {}", record.args());
        writeln!(out, "{}", printable(&line))?;
        Ok(())
    }
}

/// Lets a log4rs file name the encoder `line`, which takes no settings.
struct LineDeserializer;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}

impl Deserialize for LineDeserializer {
    type Trait = dyn Encode;
    type Config = NoSettings;

    fn deserialize(
        &self,
        NoSettings {}: NoSettings,
        _: &Deserializers,
    ) -> anyhow::Result<Box<dyn Encode>> {
        Ok(Box::new(Line))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use log::Level;
    use log4rs::encode::writer::simple::SimpleWriter;

    use super::*;

    #[test]
    fn a_message_stays_on_its_line_and_steers_nothing() {
        let mut out = SimpleWriter(Vec::new());
        let record = Record::builder()
            .level(Level::Warn)
            .target("parlord")
            .args(format_args!("bad \u{1b}[2J\nname\u{202e}"))
            .build();
        Line.encode(&mut out, &record).unwrap();
        let line = String::from_utf8(out.0).unwrap();
        let (at, rest) = line.split_once(' ').unwrap();
        assert!(at.parse::<jiff::Timestamp>().is_ok(), "{at}");
        assert_eq!(rest, "WARN  parlord: bad \u{fffd}[2J name\u{fffd}\n");
    }

    #[test]
    fn the_shipped_file_says_what_is_built_in() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/log4rs.yaml");
        let (shipped, built_in) =
            (further(Some(Path::new(path))).unwrap(), to_stderr(LevelFilter::Info));
        let told = |config: &log4rs::Config| format!("{config:?}");
        assert_eq!(told(&shipped), told(&built_in));
        assert!(told(&shipped).contains("Line"), "{}", told(&shipped));
    }

    #[test]
    fn a_file_that_is_not_there_is_told_by_name() {
        let said = check(Path::new("/nonexistent/log4rs.yaml")).unwrap_err().to_string();
        assert!(said.starts_with("cannot use the log configuration /nonexistent/log4rs.yaml: "));
    }

    /// A directory with a log4rs file that logs to a file in it.
    fn logging_to_a_file(change: impl Fn(&str) -> String) -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let (path, log) = (dir.path().join("log4rs.yaml"), dir.path().join("logs/parlord.log"));
        let text = format!(
            "appenders:\n  main:\n    kind: file\n    path: {}\n    append: false\n    \
             encoder:\n      kind: line\nroot:\n  level: info\n  appenders: [main]\n",
            log.display()
        );
        fs::write(&path, change(&text)).unwrap();
        (dir, path, log)
    }

    #[test]
    fn a_check_neither_makes_nor_empties_the_log() {
        let (_dir, path, log) = logging_to_a_file(str::to_owned);
        check(&path).unwrap();
        assert!(!log.parent().unwrap().exists());
        fs::create_dir(log.parent().unwrap()).unwrap();
        fs::write(&log, "what was logged\n").unwrap();
        check(&path).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "what was logged\n");
    }

    #[test]
    fn a_log_is_emptied_at_a_start_where_its_file_says_so_and_by_nothing_else() {
        let (_dir, path, log) = logging_to_a_file(str::to_owned);
        further(Some(&path)).unwrap();
        fs::write(&log, "what was logged\n").unwrap();
        further(Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "what was logged\n");
        configured(Some(&path), Settings::AsTheyAre).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "");
    }

    #[test]
    fn every_part_that_is_faulty_is_told_by_its_file_and_line() {
        for (right, wrong, told) in [
            (
                "kind: file",
                "kind: fiel",
                "line 2: appender main: no appender deserializer for kind `fiel` registered",
            ),
            (
                "kind: line",
                "kind: lien",
                "line 2: appender main: no encoder deserializer for kind `lien` registered",
            ),
            ("append: false", "apend: 1", "line 2: appender main: unknown field `apend`"),
            ("[main]", "[man]", "Reference to nonexistent appender: `man`"),
            ("[main]", "[]", "its root has no appenders"),
            ("[main]", "[", "at line 11"),
        ] {
            let (_dir, path, log) = logging_to_a_file(|text| text.replace(right, wrong));
            for error in [check(&path).unwrap_err(), further(Some(&path)).unwrap_err()] {
                let said = error.to_string();
                assert!(said.contains(path.to_str().unwrap()) && said.contains(told), "{said}");
                assert_eq!(said.lines().count(), 1, "{said}");
            }
            assert!(!log.exists());
        }
    }
}
