//! Manual pages and shell completions, made from the definition of a command line, and looked at.
//!
//! Both programs include this file in their tests: it writes what `make package` ships, and no
//! program carries the makers along. `PARLOR_MANUAL` names the directory to write to.

use std::path::Path;
use std::{env, fs};

use clap::Command;
use clap_complete::Generator;
pub(crate) use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The shells that are completed for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// A section of the program's own page that its command line does not tell: a heading, and terms with
/// what they mean.
pub(crate) type Section = (&'static str, &'static [(&'static str, &'static str)]);

/// Writes a page for a program, which ends with `more`, and one for each of its subcommands, in this
/// section of the manual, and a completion script for each shell, as `amend` makes it. Then sees
/// whether all of it is there.
pub(crate) fn write(
    pages: Command,
    section: &str,
    more: &[Section],
    mut completions: Command,
    amend: impl Fn(Shell, String) -> String,
) {
    let temporary = tempfile::tempdir().unwrap();
    let named = env::var_os("PARLOR_MANUAL");
    let directory = named.as_deref().map_or(temporary.path(), Path::new);
    fs::create_dir_all(directory).unwrap();

    let mut pages = pages.disable_help_subcommand(true);
    pages.build();
    write_pages(&pages, section, directory);
    let main = directory.join(format!("{}.{section}", pages.get_name()));
    let page = fs::read_to_string(&main).unwrap() + &told(more);
    fs::write(main, page).unwrap();
    for shell in SHELLS {
        let (name, mut script) = (completions.get_name().to_owned(), vec![]);
        clap_complete::generate(shell, &mut completions, &name, &mut script);
        let script = amend(shell, String::from_utf8(script).unwrap());
        assert_complete(&pages, &script, shell);
        fs::write(directory.join(shell.file_name(&name)), script).unwrap();
    }
    assert_told(&pages, section, directory);
}

fn write_pages(command: &Command, section: &str, directory: &Path) {
    // Its own synopsis leaves out what options take.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").expect("clap says so").to_owned();
    let page = Man::new(command.clone().override_usage(usage)).section(section).manual("Parlor");
    let page = page.source(concat!("Parlor ", env!("CARGO_PKG_VERSION"))).date(date());
    page.generate_to(directory).unwrap();
    for subcommand in command.get_subcommands() {
        write_pages(subcommand, section, directory);
    }
}

/// The day that a page is of: that of the sources where `SOURCE_DATE_EPOCH` tells it, as it does in
/// `make package`, and else today.
fn date() -> String {
    let told = env::var("SOURCE_DATE_EPOCH").ok().map(|secs| {
        jiff::Timestamp::from_second(secs.parse().expect("SOURCE_DATE_EPOCH is in seconds"))
            .unwrap()
    });
    told.unwrap_or_else(jiff::Timestamp::now).strftime("%Y-%m-%d").to_string()
}

/// These sections as a page has them.
fn told(sections: &[Section]) -> String {
    let mut page = Roff::new();
    for (heading, terms) in sections {
        page.control("SH", [*heading]);
        for (term, text) in *terms {
            page.control("TP", []).text([bold(*term)]).text([roman(*text)]);
        }
    }
    page.render()
}

/// Every subcommand has a page, which tells what it does and each of its options.
fn assert_told(command: &Command, section: &str, directory: &Path) {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = directory.join(format!("{name}.{section}"));
    let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    // As roff spells apostrophes, and without its signs that something follows.
    let page = page.replace("\\*(Aq", "'").replace('\\', "");
    let about = command.get_about().expect("every command says what it does").to_string();
    assert!(page.contains(&format!("{name} - {about}")), "{name}: {page}");
    for option in command.get_opts() {
        let spelt = match (option.get_long(), option.get_short()) {
            (Some(long), _) => format!("--{long}"),
            (None, short) => format!("-{}", short.unwrap()),
        };
        assert!(page.contains(&spelt), "{name} {spelt}: {page}");
    }
    let title = page.lines().find(|line| line.starts_with(".TH ")).expect("a page has a title");
    let date = title.split(' ').nth(3).filter(|date| date.parse::<jiff::civil::Date>().is_ok());
    assert!(date.is_some(), "{title}");
    let (_, synopsis) = page.split_once(".SH SYNOPSIS\n").expect("a page has a synopsis");
    let synopsis = synopsis.split(".SH").next().unwrap_or_default();
    for value in command.get_positionals().filter_map(|it| it.get_value_names()).flatten() {
        assert!(synopsis.contains(value.as_str()), "{name}: {synopsis}");
    }
    for subcommand in command.get_subcommands() {
        assert_told(subcommand, section, directory);
    }
}

/// A script knows every subcommand and every long option.
fn assert_complete(command: &Command, script: &str, shell: Shell) {
    for option in command.get_opts().filter_map(clap::Arg::get_long) {
        assert!(script.contains(option), "{shell}: --{option}");
    }
    for subcommand in command.get_subcommands() {
        assert!(script.contains(subcommand.get_name()), "{shell}: {}", subcommand.get_name());
        assert_complete(subcommand, script, shell);
    }
}
