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

/// The shells that are completed for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Writes a page for a program and one for each of its subcommands, in this section of the manual,
/// and a completion script for each shell, as `amend` makes it. Then sees whether all of it is there.
pub(crate) fn write(
    pages: Command,
    section: &str,
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
    let page = Man::new(command.clone()).section(section).manual("Parlor");
    page.source(concat!("Parlor ", env!("CARGO_PKG_VERSION"))).generate_to(directory).unwrap();
    for subcommand in command.get_subcommands() {
        write_pages(subcommand, section, directory);
    }
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
