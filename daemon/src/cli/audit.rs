//! `parlord audit`: what is on record, and whether all of it is still there.

mod record;

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use parlor_protocol::id::RoomId;
use parlor_protocol::name::{UserName, has_room_id_form};
use parlor_protocol::text::{printable, quote_json};

use self::record::Record;
use super::link::{Link, NONSENSE};
use super::listing::{self, Form, count};
use super::{owner, remark, span};
use crate::audit::{self, Awaited, Fault, Line, READINGS_MAX, Reading, Verdict};
use crate::config::Config;
use crate::control::{self, Request, Response};
use crate::store::{AuditMark, Onlooker};

/// How often `--follow` looks for more: nothing tells it when there is.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: Option<AuditCommand>,
    #[command(flatten)]
    filter: Filter,
    /// Go on with what comes from now on
    #[arg(long)]
    follow: bool,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Find out whether a record was changed, removed or moved
    Verify,
}

/// Which records are shown.
#[derive(Debug, Args)]
struct Filter {
    /// Only what happened since then: a time such as 2026-11-22T20:07:12Z, or a span such as 2h, 7d
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Only what this user did, or what was done to them
    #[arg(long)]
    user: Option<UserName>,
    /// Only what happened in this room: its title or ID
    #[arg(long)]
    room: Option<String>,
    /// Only this, as in `login` or `room-created`; the README lists them
    #[arg(long, value_parser = PossibleValuesParser::new(audit::ACTIONS), hide_possible_values = true)]
    action: Option<String>,
    /// Only what an administrator should look at
    #[arg(long)]
    suspicious: bool,
}

impl AuditArgs {
    /// Whether records are chosen for a subcommand, which takes them all. clap would count global
    /// options among those that choose.
    pub(super) fn is_contradictory(&self) -> bool {
        let Filter { since, user, room, action, suspicious } = &self.filter;
        let chosen = since.is_some() || user.is_some() || room.is_some() || action.is_some();
        self.command.is_some() && (chosen || *suspicious || self.follow)
    }
}

/// Does what was asked for.
pub(super) async fn run(config: &Config, arguments: AuditArgs, form: Form) -> anyhow::Result<()> {
    match arguments.command {
        Some(AuditCommand::Verify) => verify(config, form).await,
        None => show(config, &arguments.filter, arguments.follow, form).await,
    }
}

/// Opens the files. Without a daemon what a crash kept from them has been made up by now, since
/// `link` is open; and it is closed, so that a daemon may start while they are read.
async fn open(config: &Config, mut link: Link) -> anyhow::Result<Reading> {
    let mark = mark(&mut link).await?;
    let awaited = match link {
        Link::Running(_) => Awaited::Committed,
        Link::Offline(_) => Awaited::Nothing,
    };
    drop(link);
    read(config, mark, awaited)
}

fn read(config: &Config, mark: AuditMark, awaited: Awaited) -> anyhow::Result<Reading> {
    Reading::open(&config.data, mark, awaited).with_context(|| {
        let dir = audit::directory(&config.data);
        format!(
            "cannot read the audit in {} (it is for root, the daemon's user and its group)",
            dir.display()
        )
    })
}

async fn show(config: &Config, filter: &Filter, follow: bool, form: Form) -> anyhow::Result<()> {
    let mut link = Link::open(config).await?;
    let room = match &filter.room {
        Some(named) => Some(room(&mut link, named).await?.to_string()),
        None => None,
    };
    let (mut audit, mut out) = (open(config, link).await?, io::stdout().lock());
    let (mut last, mut damaged) = (0, false);
    loop {
        match audit.next(last).await {
            Ok(Some(line)) => match Record::parse(&line.text) {
                Some(record) => {
                    if last > 0 && record.serial() > last + 1 {
                        let (first, end) = (last + 1, record.serial() - 1);
                        remark(&format!(
                            "records {first} to {end} went, with files that are no longer kept, \
                             before they were read"
                        ));
                    }
                    last = record.serial();
                    if filter.lets_through(&record, room.as_deref()) {
                        writeln!(out, "{}", record.told(form))?;
                    }
                }
                None => {
                    damaged = true;
                    let Line { file, number, .. } = line;
                    remark(&format!("{file} line {number} is no record"));
                }
            },
            Ok(None) if follow => {
                out.flush()?;
                tokio::time::sleep(FOLLOW_EVERY).await;
            }
            Ok(None) => break,
            Err(unreadable) => {
                damaged = true;
                remark(&unreadable.to_string());
            }
        }
    }
    out.flush()?;
    if damaged {
        bail!("some of the audit is damaged; see `parlord audit verify`")
    }
    if last < audit.mark.head.serial {
        bail!("the newest records are not in the files; see `parlord audit verify`")
    }
    Ok(())
}

/// The room of this title or ID. Every ID is one, also that of a room which is long forgotten.
async fn room(link: &mut Link, named: &str) -> anyhow::Result<RoomId> {
    if let Some(id) = named.parse().ok().filter(|_| has_room_id_form(named)) {
        return Ok(id);
    }
    let found = link.ask(Request::RoomFind(named.to_owned())).await?;
    let Response::Room(room) = found else { bail!(NONSENSE) };
    Ok(room)
}

impl Filter {
    fn lets_through(&self, record: &Record, room: Option<&str>) -> bool {
        self.since.is_none_or(|since| record.at() >= since)
            && self.user.as_ref().is_none_or(|user| record.concerns(user.as_str()))
            && room.is_none_or(|room| record.is_in(room))
            && self.action.as_ref().is_none_or(|action| record.action() == action)
            && (!self.suspicious || record.action().starts_with(audit::SUSPICIOUS))
    }
}

fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let secs = span::secs(text).map_err(|_| {
        "use a time such as 2026-11-22T20:07:12Z, or a span such as 30m, 2h, 7d".to_owned()
    })?;
    let span = SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    // What began before there was time is the beginning of time.
    Ok(Timestamp::now().checked_sub(span).unwrap_or(Timestamp::MIN))
}

/// What the running daemon remembers of the audit; `None` where none runs.
async fn running_mark(config: &Config) -> anyhow::Result<Option<AuditMark>> {
    let Some(stream) = control::connect(&config.data).await? else { return Ok(None) };
    mark(&mut Link::Running(Box::new(stream))).await.map(Some)
}

async fn mark(link: &mut Link) -> anyhow::Result<AuditMark> {
    let Response::AuditMark(mark) = link.ask(Request::AuditMark).await? else { bail!(NONSENSE) };
    Ok(mark)
}

/// Looks at the files, and beside a daemon waits for what it is about to write. Nothing is changed by
/// this, also where no daemon runs.
async fn verdict(config: &Config) -> anyhow::Result<(Verdict, &'static str)> {
    if let Some(mut mark) = running_mark(config).await? {
        let mut verdict = read(config, mark, Awaited::Committed)?.verify().await;
        for _ in 1..READINGS_MAX {
            let Some(now) = running_mark(config).await? else { break };
            let before = std::mem::replace(&mut mark, now);
            if !verdict.was_outrun(before, mark) {
                break;
            }
            verdict = read(config, mark, Awaited::Committed)?.verify().await;
        }
        return Ok((verdict, "see the daemon's log"));
    }
    owner::become_owner(config)?;
    let store = Onlooker::open(&config.data)?;
    store.expect_our_schema()?;
    let files = read(config, store.audit_mark()?, Awaited::Nothing)?;
    Ok((files.verify().await, "`parlord serve` writes them"))
}

async fn verify(config: &Config, form: Form) -> anyhow::Result<()> {
    let (verdict, waiting_for) = verdict(config).await?;
    let mut out = io::stdout().lock();
    for fault in &verdict.faults {
        writeln!(out, "{}", fault_line(fault, form))?;
    }
    writeln!(out, "{}", summary(&verdict, waiting_for, form))?;
    out.flush()?;
    if verdict.faults_count > 0 {
        bail!(
            "the audit is not whole: {}; keep a copy of the files, and see who can write to them",
            count(verdict.faults_count, "fault")
        )
    }
    Ok(())
}

fn fault_line(fault: &Fault, form: Form) -> String {
    match form {
        Form::Columns => printable(&fault.to_string()).into_owned(),
        Form::Json => {
            let Fault { file, line, what } = fault;
            let (file, what) = (quote_json(file), quote_json(what));
            format!(r#"{{"type":"fault","file":{file},"line":{line},"what":{what}}}"#)
        }
    }
}

/// `waiting_for` says what becomes of records that wait in the store.
fn summary(verdict: &Verdict, waiting_for: &str, form: Form) -> String {
    match form {
        Form::Columns => summary_in_words(verdict, waiting_for),
        Form::Json => {
            let Verdict { records, first, last, files, unchained, waiting, .. } = verdict;
            // Without a record there is no last one either.
            let last = first.map(|_| last);
            let or_null = |number: Option<u64>| {
                number.map_or_else(|| "null".to_owned(), |number| number.to_string())
            };
            format!(
                r#"{{"type":"verified","records":{records},"first":{},"last":{},"hash":{},"files":{files},"unchained":{unchained},"waiting":{waiting},"faults":{}}}"#,
                or_null(*first),
                or_null(last.map(|last| last.serial)),
                listing::or_null(last.map(|last| last.hash.to_string()).as_deref()),
                verdict.faults_count
            )
        }
    }
}

fn summary_in_words(verdict: &Verdict, waiting_for: &str) -> String {
    let Verdict { records, first, last, files, unchained, waiting, .. } = verdict;
    let mut told = match first {
        None => "no records".to_owned(),
        Some(first) => format!(
            "{}, {first} to {2}, in {}\nrecord {2} has the hash {3}",
            count(*records, "record"),
            count(*files, "file"),
            last.serial,
            last.hash
        ),
    };
    if *unchained > 0 {
        let lines = count(*unchained, "line");
        told += &format!("\nnot checked: {lines} of before there was a chain");
    }
    if *waiting > 0 {
        let records = count(*waiting, "record");
        told += &format!("\nin the store, to be written yet: {records}; {waiting_for}");
    }
    told
}
