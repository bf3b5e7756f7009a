//! Standard output: aligned columns for people, one JSON object a line for scripts.

use std::io::{self, BufWriter, Stdout, Write};

use parlor_protocol::text::{columns, printable};

use super::Format;
use super::json::Object;

/// Something that a listing prints.
pub(super) trait Listed {
    /// As an object.
    fn object(&self) -> Object;

    /// As columns of untrusted text.
    fn columns(&self) -> Vec<String>;
}

/// Standard output in one of the two formats.
pub(super) struct Output {
    format: Format,
    out: BufWriter<Stdout>,
    /// Rows that wait for the widths of those behind them.
    rows: Vec<Vec<String>>,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self { format, out: BufWriter::new(io::stdout()), rows: Vec::new() }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Prints one thing of a listing. Columns appear with [`Output::end`].
    pub(super) fn list(&mut self, thing: &impl Listed) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(&thing.object().end()),
            Format::Columns => {
                self.rows.push(thing.columns());
                Ok(())
            }
        }
    }

    /// Prints one thing at once, in columns that are not aligned with what follows.
    pub(super) fn now(&mut self, thing: &impl Listed) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(&thing.object().end())?,
            Format::Columns => {
                for line in align(&[thing.columns()]) {
                    self.line(&line)?;
                }
            }
        }
        self.flush()
    }

    /// Prints what a change made, which only scripts want to know.
    pub(super) fn made(&mut self, object: impl FnOnce() -> Object) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(&object().end()),
            Format::Columns => Ok(()),
        }
    }

    /// Says where the listing goes on.
    pub(super) fn page(&mut self, next: &str) -> io::Result<()> {
        self.made(|| Object::new("page").text("next", next))
    }

    /// Prints a line as it is. It must be printable.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Hands on what was printed so far.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Aligns what waits to be aligned, and hands everything on.
    pub(super) fn end(&mut self) -> io::Result<()> {
        for line in align(&std::mem::take(&mut self.rows)) {
            self.line(&line)?;
        }
        self.flush()
    }
}

/// Lines of equally wide columns, two spaces apart; the last column is as wide as it likes.
fn align(rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<_>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let mut widths = Vec::new();
    for row in &rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = columns(cell).max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - columns(cell) + 2));
        }
        line.truncate(line.trim_end().len());
        line
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_is_seen() {
        let rows = [vec!["a", "語", "x"], vec!["bcd", "e", "y"], vec!["\u{1b}[m", "", "z"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect();
        assert_eq!(align(&rows), ["a    語  x", "bcd  e   y", "\u{fffd}[m      z"]);
        assert!(align(&[]).is_empty());
    }
}
