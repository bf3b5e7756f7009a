//! The operational log: what the daemon says about itself, through log4rs.

use std::path::{Path, PathBuf};

use log::{LevelFilter, Record, SetLoggerError};
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::config::{Appender, Deserialize, Deserializers, Logger, Root};
use log4rs::encode::{Encode, Write};
use parlor_protocol::text::printable;

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
/// The file cannot be used. Of a file that can, log4rs reports faulty parts and leaves them out.
pub(crate) fn start(file: Option<&Path>) -> Result<log4rs::Handle, LoggingError> {
    Ok(log4rs::init_config(configured(file)?)?)
}

/// How to log: as the named log4rs file says, or as is built in.
///
/// # Errors
/// The file cannot be used.
pub(crate) fn configured(file: Option<&Path>) -> Result<log4rs::Config, LoggingError> {
    file.map_or_else(|| Ok(to_stderr(LevelFilter::Info)), load)
}

/// Begins to log for a subcommand, which has something to say only when something goes wrong.
///
/// # Errors
/// There is a log already.
pub(crate) fn start_quietly() -> Result<(), LoggingError> {
    log4rs::init_config(to_stderr(LevelFilter::Warn))?;
    Ok(())
}

fn load(path: &Path) -> Result<log4rs::Config, LoggingError> {
    let mut deserializers = Deserializers::default();
    deserializers.insert(KIND, LineDeserializer);
    let unusable =
        |why: &str| LoggingError::File { path: path.to_owned(), why: printable(why).into_owned() };
    let config = log4rs::config::load_config_file(path, deserializers)
        .map_err(|error| unusable(&format!("{error:#}")))?;
    if config.root().appenders().is_empty() {
        return Err(unusable("none of its root's appenders can be used, so the log would be lost"));
    }
    Ok(config)
}

fn to_stderr(level: LevelFilter) -> log4rs::Config {
    let stderr = ConsoleAppender::builder().target(Target::Stderr).encoder(Box::new(Line)).build();
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

    /// log4rs tells of nothing that is wrong within a file, so the parts are looked for.
    #[test]
    fn the_shipped_file_says_what_is_built_in() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/log4rs.yaml");
        let (shipped, built_in) = (load(Path::new(path)).unwrap(), to_stderr(LevelFilter::Info));
        let told = |config: &log4rs::Config| format!("{config:?}");
        assert_eq!(told(&shipped), told(&built_in));
        assert!(told(&shipped).contains("Line"), "{}", told(&shipped));
    }

    #[test]
    fn a_file_that_is_not_there_is_told_by_name() {
        let said = load(Path::new("/nonexistent/log4rs.yaml")).unwrap_err().to_string();
        assert!(said.starts_with("cannot use the log configuration /nonexistent/log4rs.yaml: "));
    }
}
