//! The person at the terminal: what they are told while connecting, and what they are asked.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};

use zeroize::Zeroizing;

/// Whom the questions and warnings of a connection reach.
pub(crate) trait Console {
    /// Shows whole lines.
    fn say(&mut self, text: &str);

    /// Shows what only `-v` wants to see.
    fn note(&mut self, text: &str);

    /// Shows `prompt` and reads a line. `None` when there is nobody to ask.
    ///
    /// # Errors
    /// When there is somebody and reading failed.
    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>>;

    /// As [`Console::ask`], without showing what is typed.
    ///
    /// # Errors
    /// When there is somebody and reading failed.
    fn ask_secret(&mut self, prompt: &str) -> io::Result<Option<Zeroizing<String>>>;
}

/// An answer to a question that takes one of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum YesOrNo {
    Yes,
    No,
}

/// What a line answers; `None` where it is neither, and the question is to be asked again.
pub(crate) fn yes_or_no(line: &str) -> Option<YesOrNo> {
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(YesOrNo::Yes),
        "n" | "no" => Some(YesOrNo::No),
        _ => None,
    }
}

/// Whether somebody may be asked: the option `BatchMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Yes, where there is a terminal.
    #[default]
    Allowed,
    /// Never.
    Never,
}

/// The controlling terminal, which is there even where all three standard streams are pipes.
#[derive(Debug)]
pub(crate) struct Terminal {
    asking: Asking,
    verbosity: u8,
}

impl Terminal {
    /// A terminal that is asked only if `asking` allows it, and shows notes from verbosity 1.
    pub(crate) fn new(asking: Asking, verbosity: u8) -> Self {
        Self { asking, verbosity }
    }
}

impl Console for Terminal {
    fn say(&mut self, text: &str) {
        // There is nowhere left to report that standard error is gone.
        let _ = writeln!(io::stderr(), "{text}");
    }

    fn note(&mut self, text: &str) {
        if self.verbosity > 0 {
            self.say(&format!("parlor: {text}"));
        }
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        if self.asking == Asking::Never {
            return Ok(None);
        }
        let Ok(mut tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            return Ok(None);
        };
        tty.write_all(prompt.as_bytes())?;
        let mut line = String::new();
        // At the end of the file, Ctrl-D, the answer is an empty one.
        BufReader::new(tty).read_line(&mut line)?;
        Ok(Some(line))
    }

    fn ask_secret(&mut self, prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
        if self.asking == Asking::Never || OpenOptions::new().read(true).open("/dev/tty").is_err() {
            return Ok(None);
        }
        rpassword::prompt_password(prompt).map(|secret| Some(Zeroizing::new(secret)))
    }
}

/// Nobody: for connections that are made again without a word.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Console for Nobody {
    fn say(&mut self, _text: &str) {}

    fn note(&mut self, _text: &str) {}

    fn ask(&mut self, _prompt: &str) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn ask_secret(&mut self, _prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
        Ok(None)
    }
}
