//! stderr and stdout as places of the log: whoever reads them late holds up nobody, and misses lines.

use std::io;
use std::mem::take;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use log::{Level, Record};
use log4rs::append::Append;
use log4rs::append::console::{ConsoleAppender, ConsoleAppenderDeserializer, Target};
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::Encode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

/// How long the first line waits for room that finds none. Whoever reads at all has some by then: a
/// pipe holds hundreds of lines.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lines that found no room since one did. They are the process's, as what they are written to is: a
/// reload makes another [`Console`].
static LOST: Lost = Lost { stderr: Mutex::new(0), stdout: Mutex::new(0) };

struct Lost {
    stderr: Mutex<u64>,
    stdout: Mutex<u64>,
}

/// A console that is only written to while it has room.
#[derive(Debug)]
pub(super) struct Console {
    console: Box<dyn Append>,
    target: Target,
}

impl Console {
    pub(super) fn stderr(encoder: Box<dyn Encode>) -> Self {
        let console = ConsoleAppender::builder().target(Target::Stderr).encoder(encoder).build();
        Self::new(Box::new(console), Target::Stderr)
    }

    fn new(console: Box<dyn Append>, target: Target) -> Self {
        Self { console, target }
    }

    /// Whether a line can be written without waiting for anybody.
    fn has_room(&self, within: Duration) -> bool {
        let (stderr, stdout) = (io::stderr(), io::stdout());
        let mut fds = [match self.target {
            Target::Stderr => PollFd::new(&stderr, PollFlags::OUT),
            Target::Stdout => PollFd::new(&stdout, PollFlags::OUT),
        }];
        let within = Timespec::try_from(within).expect("invariant: it is less than a second");
        // What cannot be asked can be written to, or says why not.
        retry_on_intr(|| poll(&mut fds, Some(&within))).map_or(true, |ready| ready > 0)
    }
}

impl Append for Console {
    fn append(&self, record: &Record<'_>) -> anyhow::Result<()> {
        // Held until it is written: room that somebody else takes is none.
        let lost = match self.target {
            Target::Stderr => &LOST.stderr,
            Target::Stdout => &LOST.stdout,
        };
        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = if *lost == 0 { PATIENCE } else { Duration::ZERO };
        if *lost > 0 && self.has_room(patience) {
            let lines = take(&mut *lost);
            let words = format_args!("lines lost that nobody read in time: {lines}");
            let mut told = Record::builder();
            let told = told.level(Level::Warn).target(module_path!()).args(words).build();
            self.console.append(&told)?;
        }
        if self.has_room(patience) {
            return self.console.append(record);
        }
        *lost += 1;
        Ok(())
    }

    fn flush(&self) {
        self.console.flush();
    }
}

/// Lets a log4rs file name it, with all settings of log4rs' own.
pub(super) struct ConsoleDeserializer;

impl Deserialize for ConsoleDeserializer {
    type Trait = dyn Append;
    type Config = serde_yaml::Mapping;

    fn deserialize(
        &self,
        config: serde_yaml::Mapping,
        kinds: &Deserializers,
    ) -> anyhow::Result<Box<dyn Append>> {
        let target = match config.get("target").and_then(serde_yaml::Value::as_str) {
            Some("stderr") => Target::Stderr,
            // log4rs refuses what is neither.
            Some(_) | None => Target::Stdout,
        };
        let config = serde_yaml::from_value(serde_yaml::Value::Mapping(config))?;
        let console = ConsoleAppenderDeserializer.deserialize(config, kinds)?;
        Ok(Box::new(Console::new(console, target)))
    }
}
