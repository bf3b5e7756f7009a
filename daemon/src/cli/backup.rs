//! `parlord backup` and `parlord restore`.

use std::io::{self, Write};
use std::path::{self, Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use anyhow::{Context, bail};
use clap::Args;
use parlor_protocol::text::{printable, quote_json};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use super::link::{Link, NONSENSE};
use super::listing::Form;
use super::owner;
use crate::audit::Copied;
use crate::backup::{self, Backup, Begun, Lent};
use crate::config::Config;
use crate::control::{self, Request, Response};
use crate::store::Contents;

/// Tells the owner who restores what is lent to them of what it is a copy, for the audit.
const COPY_OF: &str = "PARLORD_COPY_OF";

/// What to say when somebody asked it to end.
const INTERRUPTED: &str = "interrupted; no backup was made and nothing is left of it";

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The backup: a directory that is not there yet
    directory: PathBuf,
    /// Only put it on record, as the owner of the data directory
    #[arg(long, hide = true)]
    only_record: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The backup
    directory: PathBuf,
    /// Only put it on record, as the owner of the data directory
    #[arg(long, hide = true)]
    only_record: bool,
}

/// Makes a backup.
pub(super) async fn run(config: &Config, arguments: BackupArgs, form: Form) -> anyhow::Result<()> {
    let directory = place(&arguments.directory)?;
    if arguments.only_record {
        return record(config, Copied::BackedUp, &directory).await;
    }
    let backup = make(config, &directory).await?;
    let contents = backup.contents;
    // Whoever has a backup has everything: what cannot be put on record goes again.
    let named = backup.name()?;
    put_on_record(config, Copied::BackedUp, &directory).await?;
    named.keep();
    told("backup", &directory, contents, form)
}

/// The place of a backup, wherever somebody stands; without what a shell puts behind a directory.
fn place(typed: &Path) -> io::Result<PathBuf> {
    Ok(path::absolute(typed)?.components().collect())
}

/// Makes it, on a thread of its own that an interrupt need not wait for.
async fn make(config: &Config, directory: &Path) -> anyhow::Result<Backup> {
    let interrupted = interrupted()?;
    tokio::pin!(interrupted);
    let data = config.data.clone();
    let opening = spawn_blocking(move || backup::source(&data));
    let source = tokio::select! {
        source = opening => source??,
        () = &mut interrupted => bail!(INTERRUPTED),
    };
    let begun = Begun::new(source, &config.data, directory)?;
    let runtime = Handle::current();
    let making = spawn_blocking(move || runtime.block_on(begun.fill()));
    tokio::select! {
        made = making => return Ok(made??),
        () = interrupted => {}
    }
    backup::abandon(directory)?;
    bail!(INTERRUPTED)
}

/// Waits until somebody asks this process to end.
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let hung_up = hung_up()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hung_up => {}
        }
    })
}

/// Waits until the terminal goes away, as with a connection that is lost; for ever under `nohup`,
/// whose wish our own look at the signal would take back.
fn hung_up() -> io::Result<impl Future<Output = ()>> {
    let hangup = SignalKind::hangup();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let mut hangups = match ignored >> (hangup.as_raw_value() - 1) & 1 {
        0 => Some(signal(hangup)?),
        _ => None,
    };
    Ok(async move {
        match &mut hangups {
            Some(hangups) => drop(hangups.recv().await),
            None => std::future::pending().await,
        }
    })
}

/// Puts a backup back.
pub(super) async fn restore(
    config: &Config,
    arguments: RestoreArgs,
    form: Form,
) -> anyhow::Result<()> {
    let directory = place(&arguments.directory)?;
    if arguments.only_record {
        return record(config, Copied::Restored, &directory).await;
    }
    if control::connect(&config.data).await?.is_some() {
        bail!(
            "a parlord runs on {}, and its store is not overwritten; restore into another \
             directory with --data, or stop it and move that one away first",
            config.data.display()
        );
    }
    if geteuid().is_root() && owner::is_somebody_else(config) {
        let contents = restore_as_owner(config, &directory).await?;
        return told("restored", &config.data, contents, form);
    }
    let is_new = !config.data.exists();
    let contents = backup::restore(&directory, &config.data).await?;
    if form == Form::Columns && is_new && geteuid().is_root() {
        let data = config.data.display();
        let note = format!(
            "parlord: {data} is new and belongs to root; before a daemon of another user starts on \
             it, hand it over: chown -R USER: {data}"
        );
        let _nobody = writeln!(io::stderr(), "{}", printable(&note));
    }
    let restored = env::var_os(COPY_OF).map_or(directory, PathBuf::from);
    put_on_record(config, Copied::Restored, &restored)
        .await
        .context("the backup is restored, and that is not on record")?;
    told("restored", &config.data, contents, form)
}

/// Puts a backup back as the owner of the data directory, who is lent a copy of it.
async fn restore_as_owner(config: &Config, directory: &Path) -> anyhow::Result<Contents> {
    const INTERRUPTED: &str = "interrupted; see what is there, and restore again";
    let interrupted = interrupted()?;
    tokio::pin!(interrupted);
    let lent = Lent::begin()?;
    let (from, data, to) = (directory.to_owned(), config.data.clone(), lent.place().to_owned());
    let runtime = Handle::current();
    let lending = spawn_blocking(move || runtime.block_on(backup::lend(&from, &data, &to)));
    let contents = tokio::select! {
        contents = lending => contents??,
        () = &mut interrupted => {
            lent.abandon()?;
            bail!(INTERRUPTED)
        }
    };
    let arguments = ["restore".as_ref(), lent.place().as_os_str()];
    let mut command = owner::on_data_as_owner(config, &arguments)?;
    command
        .env(COPY_OF, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let restoring = command.spawn().context("cannot go on as the owner")?;
    let process = Pid::from_child(&restoring);
    let restoring = spawn_blocking(move || restoring.wait_with_output());
    let output = tokio::select! {
        output = restoring => output??,
        () = interrupted => {
            // It may have ended already.
            let _ended = kill_process(process, Signal::TERM);
            bail!(INTERRUPTED)
        }
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("the owner could not do it");
        bail!("{}", said.strip_prefix("parlord: ").unwrap_or(said))
    }
    Ok(contents)
}

/// Puts it on record, through the daemon where one runs. What is written otherwise is its owner's,
/// whom the superuser becomes for that.
async fn put_on_record(config: &Config, copied: Copied, directory: &Path) -> anyhow::Result<()> {
    if control::connect(&config.data).await?.is_none() && owner::is_somebody_else(config) {
        let word = match copied {
            Copied::BackedUp => "backup",
            Copied::Restored => "restore",
        };
        let arguments = [word.as_ref(), "--only-record".as_ref(), directory.as_os_str()];
        return owner::run_as_owner(config, &arguments);
    }
    record(config, copied, directory).await
}

async fn record(config: &Config, copied: Copied, directory: &Path) -> anyhow::Result<()> {
    let directory = directory.to_string_lossy().into_owned();
    let mut link = Link::open(config).await?;
    let Response::Done = link.ask(Request::Record { copied, directory }).await? else {
        bail!(NONSENSE)
    };
    Ok(())
}

fn told(what: &str, directory: &Path, contents: Contents, form: Form) -> anyhow::Result<()> {
    let directory = directory.to_string_lossy();
    let Contents { users, rooms, messages, audit_records } = contents;
    let line = match form {
        Form::Columns => format!(
            "{directory}: {users} users, {rooms} rooms, {messages} messages, {audit_records} audit \
             records, and the host key"
        ),
        Form::Json => format!(
            r#"{{"type":"{what}","directory":{},"users":{users},"rooms":{rooms},"messages":{messages},"audit_records":{audit_records}}}"#,
            quote_json(&directory)
        ),
    };
    Ok(writeln!(io::stdout(), "{}", printable(&line))?)
}
