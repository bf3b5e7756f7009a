//! The screen of a terminal as an SVG.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

/// The size of a cell, in pixels.
const CELL: (u32, u32) = (9, 19);
/// The margin around the screen.
const MARGIN: u32 = 12;
/// How far above the bottom of its cell a character stands.
const BASELINE: u32 = 5;

/// The terminal's own colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Dark,
    Light,
}

/// How cells look that are drawn together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    front: String,
    back: Option<String>,
    bold: bool,
    italic: bool,
    dim: bool,
    underline: bool,
}

/// Draws the screen. Times of day are all shown as 14:05, so that a picture changes only where the
/// program does.
pub(super) fn draw(screen: &Screen, ground: Ground) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (CELL.0 * u32::from(columns), CELL.1 * u32::from(rows));
    let (_, back) = ground.colours();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} \
         {1}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"15\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{back}\"/>\n",
        width + 2 * MARGIN,
        height + 2 * MARGIN,
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, row, ground);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (front, _) = ground.colours();
        rect(&mut svg, (row, column), 1, front, " fill-opacity=\"0.6\"");
    }
    svg + "</svg>\n"
}

fn draw_row(svg: &mut String, screen: &Screen, row: u16, ground: Ground) {
    let (_, columns) = screen.size();
    let clocks = clocks(screen, row);
    let mut column = 0;
    while column < columns {
        let Some(cell) = screen.cell(row, column) else { break };
        let (start, look) = (column, look(cell, ground));
        let mut text = String::new();
        // Wide characters are drawn by themselves, so that what follows stays in its column.
        while let Some(cell) =
            screen.cell(row, column).filter(|cell| self::look(cell, ground) == look)
        {
            let shown = match cell.contents() {
                "" => " ",
                contents => contents,
            };
            let clock = clocks.iter().find(|at| (**at..**at + 5).contains(&usize::from(column)));
            match clock {
                Some(at) => text.push_str(&"14:05"[usize::from(column) - at..][..1]),
                None => text.push_str(shown),
            }
            column += 1 + u16::from(cell.is_wide());
            if cell.is_wide() {
                break;
            }
        }
        draw_run(svg, (row, start), column - start, &text, &look);
    }
}

/// The columns at which a time of day begins.
fn clocks(screen: &Screen, row: u16) -> Vec<usize> {
    let (_, columns) = screen.size();
    let row: Vec<char> = (0..columns)
        .map(|column| {
            let contents = screen.cell(row, column).map_or("", Cell::contents);
            contents.chars().next().unwrap_or(' ')
        })
        .collect();
    let is_clock = |window: &[char]| {
        window.iter().zip("dd:dd".chars()).all(|(c, is)| match is {
            'd' => c.is_ascii_digit(),
            is => *c == is,
        })
    };
    row.windows(5).enumerate().filter(|(_, window)| is_clock(window)).map(|(at, _)| at).collect()
}

fn draw_run(svg: &mut String, at: (u16, u16), columns: u16, text: &str, look: &Look) {
    if let Some(back) = &look.back {
        rect(svg, at, columns, back, "");
    }
    // Blanks are not drawn, because not everything that shows an SVG keeps them. Those at the ends of
    // a run are a column wide each.
    let left = text.len() - text.trim_start_matches(' ').len();
    let right = text.trim_start_matches(' ').len() - text.trim_matches(' ').len();
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return;
    }
    let blanks = |count| u16::try_from(count).expect("a row has no more");
    let columns = columns - blanks(left) - blanks(right);
    let at = (at.0, at.1 + blanks(left));
    let mut style = String::new();
    for (is, attribute) in [
        (look.bold, " font-weight=\"bold\""),
        (look.italic, " font-style=\"italic\""),
        (look.dim, " fill-opacity=\"0.6\""),
        (look.underline, " text-decoration=\"underline\""),
    ] {
        style += if is { attribute } else { "" };
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (x, y) = place(at);
    // Fonts differ in how wide they are; the terminal's columns hold.
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{}\"{style}>{escaped}</text>",
        y + CELL.1 - BASELINE,
        u32::from(columns) * CELL.0,
        look.front,
    )
    .unwrap();
}

fn rect(svg: &mut String, at: (u16, u16), columns: u16, fill: &str, more: &str) {
    let (x, y) = place(at);
    let (width, height) = (u32::from(columns) * CELL.0, CELL.1);
    writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{more}/>"
    )
    .unwrap();
}

fn place((row, column): (u16, u16)) -> (u32, u32) {
    (MARGIN + u32::from(column) * CELL.0, MARGIN + u32::from(row) * CELL.1)
}

fn look(cell: &Cell, ground: Ground) -> Look {
    let (front, back) = ground.colours();
    let front = colour(cell.fgcolor()).unwrap_or_else(|| front.to_owned());
    let back_of_cell = colour(cell.bgcolor());
    let (front, back) = if cell.inverse() {
        (back_of_cell.unwrap_or_else(|| back.to_owned()), Some(front))
    } else {
        (front, back_of_cell)
    };
    Look {
        front,
        back,
        bold: cell.bold(),
        italic: cell.italic(),
        dim: cell.dim(),
        underline: cell.underline(),
    }
}

impl Ground {
    /// Text and what is behind it.
    fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Dark => ("#d0d0d0", "#1c1c1c"),
            Self::Light => ("#262626", "#fdfdf6"),
        }
    }
}

/// A colour as SVG has it; `None` for the terminal's own. The shipped themes that are drawn have
/// true colours alone.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Idx(index) => panic!("colour {index} of a palette, whose looks are the terminal's"),
    }
}
