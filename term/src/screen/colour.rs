//! Colours and effects as the terminal can show them: none, 16, 256 or all.

use std::ffi::OsStr;
use std::io::Write;

use cursive::style::{BaseColor, Color, Effect};

use super::backend::Pen;

/// How far apart the parts of a colour are, at least; the others are greys.
const HUE_MIN: u8 = 32;

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// None, or its user wants none.
    None,
    /// The eight and their bright ones.
    Sixteen,
    /// The palette of xterm.
    Palette,
    /// Red, green and blue in 256 steps each.
    True,
}

impl Depth {
    /// What the environment says: `NO_COLOR`, `COLORTERM` and `TERM`.
    pub(crate) fn from_env() -> Self {
        let var = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self::told_by(
            var("NO_COLOR").as_deref(),
            var("COLORTERM").as_deref(),
            var("TERM").as_deref(),
        )
    }

    fn told_by(no_color: Option<&OsStr>, colorterm: Option<&OsStr>, term: Option<&OsStr>) -> Self {
        let text = |value: Option<&OsStr>| value.and_then(OsStr::to_str).unwrap_or("").to_owned();
        let (colorterm, term) = (text(colorterm), text(term));
        let colourless = ["", "dumb", "vt52", "vt100", "vt102", "vt220"];
        if no_color.is_some() || colourless.contains(&term.as_str()) || term.ends_with("-mono") {
            Self::None
        } else if ["truecolor", "24bit"].contains(&colorterm.as_str()) || term.ends_with("-direct")
        {
            Self::True
        } else if term.contains("256color") || !colorterm.is_empty() {
            Self::Palette
        } else {
            Self::Sixteen
        }
    }
}

/// Tells the terminal all about the pen at once.
pub(super) fn write_sgr(out: &mut Vec<u8>, pen: &Pen, depth: Depth) {
    let mut sgr = String::from("\x1b[0");
    for effect in &pen.effects {
        sgr.push_str(match effect {
            Effect::Simple => "",
            Effect::Bold => ";1",
            Effect::Dim => ";2",
            Effect::Italic => ";3",
            Effect::Underline => ";4",
            Effect::Blink => ";5",
            Effect::Reverse => ";7",
            Effect::Strikethrough => ";9",
        });
    }
    // A ground without colours is told from the rest by its effect alone.
    if depth == Depth::None
        && pen.colours.back != Color::TerminalDefault
        && !pen.effects.contains(&Effect::Reverse)
    {
        sgr.push_str(";7");
    }
    push_colour(&mut sgr, pen.colours.front, depth, Ground::Front);
    push_colour(&mut sgr, pen.colours.back, depth, Ground::Back);
    sgr.push('m');
    // Writing to memory does not fail.
    let _ = out.write_all(sgr.as_bytes());
}

/// Which of the two colours of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    Front,
    Back,
}

fn push_colour(sgr: &mut String, colour: Color, depth: Depth, ground: Ground) {
    use std::fmt::Write;

    let base = match ground {
        Ground::Front => 30,
        Ground::Back => 40,
    };
    let written = match (depth, colour) {
        (Depth::None, _) | (_, Color::TerminalDefault) => Ok(()),
        (_, Color::Dark(named)) => write!(sgr, ";{}", base + number(named)),
        (_, Color::Light(named)) => write!(sgr, ";{}", base + 60 + number(named)),
        (Depth::True, Color::Rgb(r, g, b)) => write!(sgr, ";{};2;{r};{g};{b}", base + 8),
        (Depth::Palette, Color::Rgb(r, g, b)) => {
            write!(sgr, ";{};5;{}", base + 8, palette(r, g, b))
        }
        (Depth::True | Depth::Palette, Color::RgbLowRes(r, g, b)) => {
            write!(sgr, ";{};5;{}", base + 8, cube(r.min(5), g.min(5), b.min(5)))
        }
        (Depth::Sixteen, Color::Rgb(r, g, b)) => write!(sgr, ";{}", base + nearest(r, g, b)),
        (Depth::Sixteen, Color::RgbLowRes(r, g, b)) => {
            let full = |low: u8| low.min(5) * 51;
            write!(sgr, ";{}", base + nearest(full(r), full(g), full(b)))
        }
    };
    // Writing to a string does not fail.
    written.unwrap_or_default();
}

fn number(named: BaseColor) -> u8 {
    match named {
        BaseColor::Black => 0,
        BaseColor::Red => 1,
        BaseColor::Green => 2,
        BaseColor::Yellow => 3,
        BaseColor::Blue => 4,
        BaseColor::Magenta => 5,
        BaseColor::Cyan => 6,
        BaseColor::White => 7,
    }
}

/// The colour of xterm's palette that is next to one: of its 6x6x6 cube, or of its greys.
fn palette(r: u8, g: u8, b: u8) -> u8 {
    let steps = [r, g, b].map(step);
    let [red, green, blue] = steps;
    let of_cube = steps.map(|step| if step == 0 { 0 } else { 55 + 40 * step });
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    // The greys are 8, 18, … 238.
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let distance = |to: [u8; 3]| {
        let parts = [r, g, b].into_iter().zip(to);
        parts.map(|(from, to)| u32::from(from.abs_diff(to)).pow(2)).sum::<u32>()
    };
    if distance([8 + 10 * grey; 3]) < distance(of_cube) {
        232 + grey
    } else {
        cube(red, green, blue)
    }
}

/// The step of xterm's 6x6x6 cube next to an intensity; its steps are 0, 95, 135, … 255.
fn step(intensity: u8) -> u8 {
    if intensity < 48 { 0 } else { (intensity.saturating_sub(35) / 40).max(1) }
}

fn cube(r: u8, g: u8, b: u8) -> u8 {
    16 + 36 * r + 6 * g + b
}

/// The nearest of the eight colours, bright (60 further on) where any part is.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    let brightest = r.max(g).max(b);
    if brightest - r.min(g).min(b) < HUE_MIN {
        return match brightest {
            0..48 => 0,
            48..160 => 60,
            160..224 => 7,
            224.. => 67,
        };
    }
    if brightest < 64 {
        return 0;
    }
    let on = |part: u8| u8::from(part > brightest / 4 * 3);
    let bright = if brightest > 192 { 60 } else { 0 };
    bright + on(r) + 2 * on(g) + 4 * on(b)
}

#[cfg(test)]
mod tests {
    use cursive::style::ColorPair;

    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        for (no_color, colorterm, term, depth) in [
            (None, None, Some("xterm-256color"), Depth::Palette),
            (None, Some("truecolor"), Some("xterm-256color"), Depth::True),
            (None, None, Some("linux"), Depth::Sixteen),
            (None, None, Some("vt100"), Depth::None),
            (None, None, None, Depth::None),
            (Some("1"), Some("truecolor"), Some("xterm-256color"), Depth::None),
        ] {
            let told = Depth::told_by(
                no_color.map(OsStr::new),
                colorterm.map(OsStr::new),
                term.map(OsStr::new),
            );
            assert_eq!(told, depth, "{no_color:?} {colorterm:?} {term:?}");
        }
    }

    #[test]
    fn a_colour_becomes_the_nearest_that_the_terminal_has() {
        let red = Color::Rgb(250, 20, 20);
        for (depth, colour, sgr) in [
            (Depth::True, red, "^[0;1;38;2;250;20;20m"),
            (Depth::Palette, red, "^[0;1;38;5;196m"),
            (Depth::Sixteen, red, "^[0;1;91m"),
            (Depth::None, red, "^[0;1m"),
            (Depth::Sixteen, Color::Light(BaseColor::Blue), "^[0;1;94m"),
            (Depth::Sixteen, Color::RgbLowRes(9, 0, 0), "^[0;1;91m"),
            (Depth::True, Color::TerminalDefault, "^[0;1m"),
        ] {
            let colours = ColorPair { front: colour, back: Color::TerminalDefault };
            let mut out = Vec::new();
            write_sgr(&mut out, &Pen { colours, effects: vec![Effect::Bold] }, depth);
            assert_eq!(String::from_utf8(out).unwrap().replace('\x1b', "^"), sgr, "{depth:?}");
        }
    }

    #[test]
    fn greys_stay_greys_and_hues_stay_hues() {
        for (r, g, b, of_256, of_16) in [
            (0x8a, 0x8a, 0x8a, 245, 60),
            (0x58, 0x58, 0x58, 240, 60),
            (0x00, 0x00, 0x00, 16, 0),
            (0xff, 0xff, 0xff, 231, 67),
            (0xc0, 0xc0, 0xc0, 250, 7),
            (0x87, 0xaf, 0xd7, 110, 66),
            (0xff, 0x87, 0x87, 210, 61),
            (0x00, 0x5f, 0x87, 24, 4),
            (0xaf, 0x00, 0x00, 124, 1),
            (0x5f, 0xd7, 0xd7, 80, 66),
        ] {
            assert_eq!(palette(r, g, b), of_256, "#{r:02x}{g:02x}{b:02x}");
            assert_eq!(nearest(r, g, b), of_16, "#{r:02x}{g:02x}{b:02x}");
        }
    }

    #[test]
    fn where_there_are_no_colours_a_ground_is_shown_reversed() {
        let colours = ColorPair { front: Color::TerminalDefault, back: Color::Rgb(0, 0, 95) };
        for (effects, sgr) in [(vec![], "^[0;7m"), (vec![Effect::Reverse], "^[0;7m")] {
            let mut out = Vec::new();
            write_sgr(&mut out, &Pen { colours, effects }, Depth::None);
            assert_eq!(String::from_utf8(out).unwrap().replace('\x1b', "^"), sgr);
        }
    }
}
