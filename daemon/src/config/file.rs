//! The configuration file as TOML: its keys, their defaults and their bounds.

mod takes;
mod whole;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::name::DisplayName;
use parlor_protocol::text::{clean_body, printable};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IntoDeserializer as _};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::keys::{is_section, known, unknown};
use crate::delivery::REQUESTS_IN_FLIGHT_MAX;

/// The longest message of the day, in bytes: it stands in the first frame of every connection.
const MOTD_BYTES_MAX: usize = 1024;
/// More shards than this never helped on any machine that was measured.
const SHARDS: RangeInclusive<usize> = 1..=64;
/// A million idle connections take about 8 GiB, more than one daemon is meant for.
const CONNECTIONS: RangeInclusive<usize> = 1..=1_000_000;
/// Below a second slow links cannot log in; beyond ten minutes strangers would hold connections.
const LOGIN_TIMEOUT_SECS: RangeInclusive<u64> = 1..=600;

/// Nobody needs less than one of anything; a million a second is more than a store takes.
const RATE: RangeInclusive<u32> = 1..=1_000_000;
/// Creating rooms is promised not to be held up below a hundred an hour.
const ROOMS_PER_HOUR: RangeInclusive<u32> = 100..=1_000_000;
/// A wait of less than a second is none for a person; beyond a day it would be a lock-out.
const PENALTY_SECS: RangeInclusive<u32> = 1..=86_400;
/// The specification promises that nobody is held below a hundred; the snapshot after a login lists
/// all of them.
const ROOMS_OF_ONE: RangeInclusive<usize> = 100..=5_000;
/// A program that waits for each answer has one under way.
const IN_FLIGHT: RangeInclusive<u32> = 1..=REQUESTS_IN_FLIGHT_MAX;
/// Up to a hundred years, which is for ever.
const DAYS: RangeInclusive<u32> = 1..=36_500;
/// A message that is sent again within 7 days, by a client whose clock is some minutes ahead, is the
/// same one only while it is there.
const MESSAGE_DAYS: RangeInclusive<u32> = 8..=36_500;

/// Smaller files than a block of the file system are no files; a larger one than 256 MiB takes
/// seconds to compress, and stopping does not wait for that long.
const AUDIT_FILE_BYTES: RangeInclusive<u64> = 4_096..=256 * 1024 * 1024;
/// All of them are looked through whenever one is closed.
const AUDIT_FILES_KEPT: RangeInclusive<usize> = 1..=10_000;

/// The whole file. Every key may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    #[serde(deserialize_with = "named")]
    pub(super) data: Option<PathBuf>,
    #[serde(deserialize_with = "named")]
    pub(super) log: Option<PathBuf>,
    pub(super) server: Server,
    pub(super) listen: Listen,
    pub(super) accounts: Accounts,
    pub(super) limits: Limits,
    pub(super) retention: Retention,
    pub(super) audit: Audit,
    pub(super) metrics: Metrics,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    #[serde(deserialize_with = "server_name")]
    pub(super) name: DisplayName,
    #[serde(deserialize_with = "motd")]
    pub(super) motd: String,
    #[serde(deserialize_with = "shards")]
    pub(super) shards: usize,
}

impl Default for Server {
    fn default() -> Self {
        let name = DisplayName::parse("Parlor").expect("invariant: a plain word is a name");
        Self { name, motd: String::new(), shards: 1 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    pub(super) tls: Option<Vec<Spanned<SocketAddr>>>,
    pub(super) plain: Vec<Spanned<SocketAddr>>,
    pub(super) unix: Vec<Spanned<PathBuf>>,
    pub(super) plain_beyond_loopback: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Accounts {
    pub(super) sign_up: Option<SignUp>,
    #[serde(deserialize_with = "stretch")]
    pub(super) stretch: StretchCost,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { sign_up: None, stretch: StretchCost::OWASP }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SignUp {
    Closed,
    Code,
    Approval,
    Open,
}

impl From<SignUp> for SignUpMode {
    fn from(mode: SignUp) -> Self {
        match mode {
            SignUp::Closed => Self::Closed,
            SignUp::Code => Self::Code,
            SignUp::Approval => Self::Approval,
            SignUp::Open => Self::Open,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stretch {
    log_n: u32,
    r: u32,
    p: u32,
}

impl Default for Stretch {
    fn default() -> Self {
        let StretchCost { log_n, r, p } = StretchCost::OWASP;
        Self { log_n, r, p }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    #[serde(deserialize_with = "connections")]
    pub(super) connections: usize,
    #[serde(deserialize_with = "rate")]
    pub(super) connections_per_address: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) strangers_per_minute: u32,
    #[serde(deserialize_with = "login_timeout")]
    pub(super) login_timeout_secs: u64,
    pub(super) loopback_exempt: bool,
    #[serde(deserialize_with = "rate")]
    pub(super) sign_ups_per_hour: u32,
    #[serde(deserialize_with = "penalty")]
    pub(super) login_penalty_secs: u32,
    #[serde(deserialize_with = "penalty")]
    pub(super) login_penalty_secs_max: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) messages_burst: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) messages_per_sec: u32,
    #[serde(deserialize_with = "rooms_per_hour")]
    pub(super) rooms_per_hour: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) adds_per_hour: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) invites_per_hour: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) requests_per_hour: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) probes_per_hour: u32,
    #[serde(deserialize_with = "rate")]
    pub(super) changes_per_hour: u32,
    #[serde(deserialize_with = "rooms_of_one")]
    pub(super) rooms_owned: usize,
    #[serde(deserialize_with = "rooms_of_one")]
    pub(super) rooms_joined: usize,
    #[serde(deserialize_with = "in_flight")]
    pub(super) requests_in_flight: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 100,
            strangers_per_minute: 120,
            login_timeout_secs: 30,
            loopback_exempt: true,
            sign_ups_per_hour: 30,
            login_penalty_secs: 1,
            login_penalty_secs_max: 600,
            messages_burst: 10,
            messages_per_sec: 2,
            rooms_per_hour: 100,
            adds_per_hour: 200,
            invites_per_hour: 200,
            requests_per_hour: 100,
            probes_per_hour: 100,
            changes_per_hour: 1_000,
            rooms_owned: 100,
            rooms_joined: 500,
            requests_in_flight: REQUESTS_IN_FLIGHT_MAX,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Retention {
    #[serde(deserialize_with = "days")]
    pub(super) associations_days: u32,
    #[serde(deserialize_with = "days")]
    pub(super) notifications_days: u32,
    #[serde(deserialize_with = "days")]
    pub(super) terminated_days: u32,
    /// `None` for ever, which is 0 in the file.
    #[serde(deserialize_with = "message_days")]
    pub(super) messages_days: Option<u32>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            associations_days: 30,
            notifications_days: 30,
            terminated_days: 30,
            messages_days: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Audit {
    #[serde(deserialize_with = "audit_file_bytes")]
    pub(super) file_bytes: u64,
    #[serde(deserialize_with = "days")]
    pub(super) file_days: u32,
    #[serde(deserialize_with = "audit_files_kept")]
    pub(super) files_kept: usize,
}

impl Default for Audit {
    fn default() -> Self {
        Self { file_bytes: 16 * 1024 * 1024, file_days: 7, files_kept: 100 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Metrics {
    pub(super) listen: Option<Spanned<SocketAddr>>,
    pub(super) beyond_loopback: bool,
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// What is wrong, on one line and harmless to a terminal.
    pub(crate) why: String,
}

/// A file that was read, and on which line each of its keys stands.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) file: File,
    pub(super) lines: BTreeMap<&'static str, usize>,
}

/// Reads the bytes of a file in a directory, at which relative paths begin.
///
/// # Errors
/// All that is wrong with it, in the order of its lines.
pub(super) fn read(bytes: &[u8], dir: &Path) -> Result<Parsed, Vec<Fault>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = before.filter(|&&byte| byte == b'\n').count() + 1;
        vec![Fault { line, why: "it is not UTF-8; save the file as UTF-8".to_owned() }]
    })?;
    parse(text, dir)
}

/// Reads a file's text.
///
/// # Errors
/// All that is wrong with it, in the order of its lines.
fn parse(text: &str, dir: &Path) -> Result<Parsed, Vec<Fault>> {
    let fault = |span: Option<Range<usize>>, why: &str| Fault {
        line: line_of(text, span.map_or(0, |span| span.start)),
        why: printable(why.trim()).into_owned(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    // What stands behind an error of the syntax may only look wrong.
    if !errors.is_empty() {
        let faults = errors.iter().map(|error| fault(error.span(), error.message()));
        let mut faults: Vec<Fault> = faults.collect();
        // One slip may be several errors, of which the first says what it is.
        faults.dedup_by_key(|fault| fault.line);
        return Err(faults);
    }
    let (mut faults, mut lines, mut sound) = (vec![], BTreeMap::new(), DeTable::new());
    for Key { name, span, alone } in keys_of(&table) {
        match known(&name) {
            None if is_section(&name) => {
                let why = format!("{name} is a section: put its keys under a line with [{name}]");
                faults.push(fault(Some(span), &why));
            }
            None => faults.push(fault(Some(span), &unknown(&name))),
            Some(key) => {
                lines.insert(key, line_of(text, span.start));
                match File::deserialize(alone.clone().into_deserializer()) {
                    Ok(_) => merge(&mut sound, alone.into_inner()),
                    Err(error) => {
                        faults.push(fault(error.span(), &takes::fault(key, error.message())));
                    }
                }
            }
        }
    }
    // What keys come to together is told of those that are sound.
    match File::deserialize(Spanned::new(table.span(), sound).into_deserializer()) {
        Ok(file) => {
            let told = file.addresses_that_cannot_be().into_iter();
            let told: Vec<_> = told.chain(file.listen.sockets_that_cannot_be(dir)).collect();
            faults.extend(told.into_iter().map(|(span, why)| fault(Some(span), &why)));
            faults.extend(
                file.limits
                    .shrinking_penalty()
                    .map(|(key, why)| Fault { line: lines.get(key).copied().unwrap_or(1), why }),
            );
            if faults.is_empty() {
                return Ok(Parsed { file, lines });
            }
        }
        Err(error) => faults.push(fault(error.span(), error.message())),
    }
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

/// A key of a file, with a table that holds nothing else: so each is judged by itself, and every
/// fault is told and not the first alone.
struct Key<'t> {
    name: String,
    span: Range<usize>,
    alone: Spanned<DeTable<'t>>,
}

fn keys_of<'t>(table: &Spanned<DeTable<'t>>) -> Vec<Key<'t>> {
    let alone = |name: &Spanned<DeString<'t>>, value: Spanned<DeValue<'t>>| {
        Spanned::new(table.span(), DeTable::from_iter([(name.clone(), value)]))
    };
    let mut keys = vec![];
    for (name, value) in table.as_ref() {
        let word = name.as_ref().to_string();
        match value.as_ref().as_table() {
            Some(section)
                if known(&word).is_none() && (is_section(&word) || !section.is_empty()) =>
            {
                keys.extend(section.iter().map(|(inner, value)| {
                    let only = DeTable::from_iter([(inner.clone(), value.clone())]);
                    let only = Spanned::new(value.span(), DeValue::Table(only));
                    let name_of = format!("{word}.{}", inner.as_ref());
                    Key { name: name_of, span: inner.span(), alone: alone(name, only) }
                }));
            }
            Some(_) | None => {
                keys.push(Key { name: word, span: name.span(), alone: alone(name, value.clone()) });
            }
        }
    }
    keys
}

/// Puts what is in one table into another, where it may belong to a section that is there.
fn merge<'t>(into: &mut DeTable<'t>, table: DeTable<'t>) {
    for (name, value) in table {
        let span = value.span();
        match (into.get_mut(&name).map(Spanned::as_mut), value.into_inner()) {
            (Some(DeValue::Table(section)), DeValue::Table(more)) => section.extend(more),
            (_, value) => {
                into.insert(name, Spanned::new(span, value));
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

/// The working directory is nothing that anybody means by an empty path.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(deserializer)?;
    if path.as_os_str().is_empty() {
        return Err(D::Error::custom("the path is empty; name one, or leave the key out"));
    }
    Ok(Some(path))
}

/// What is wrong with it is told, where the wire would take it cleaned.
fn server_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DisplayName, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn motd<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > MOTD_BYTES_MAX {
        return Err(D::Error::custom(format!("the message has more than {MOTD_BYTES_MAX} bytes")));
    }
    Ok(clean_body(&text).trim_end().to_owned())
}

fn stretch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StretchCost, D::Error> {
    let Stretch { log_n, r, p } = Stretch::deserialize(deserializer)?;
    let cost = StretchCost { log_n, r, p };
    // What our own clients would refuse, nobody could log in with.
    cost.check_client().map_err(D::Error::custom)?;
    Ok(cost)
}

fn shards<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, &SHARDS)
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, &CONNECTIONS)
}

fn login_timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(deserializer, &LOGIN_TIMEOUT_SECS)
}

fn penalty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, &PENALTY_SECS)
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, &RATE)
}

fn rooms_per_hour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, &ROOMS_PER_HOUR)
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, &DAYS)
}

fn rooms_of_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, &ROOMS_OF_ONE)
}

fn in_flight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, &IN_FLIGHT)
}

fn message_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Ok(None),
        days if MESSAGE_DAYS.contains(&days) => Ok(Some(days)),
        days => {
            let (low, high) = (MESSAGE_DAYS.start(), MESSAGE_DAYS.end());
            let why = format!("{days} is neither 0, for ever, nor between {low} and {high}");
            Err(D::Error::custom(why))
        }
    }
}

fn audit_file_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(deserializer, &AUDIT_FILE_BYTES)
}

fn audit_files_kept<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, &AUDIT_FILES_KEPT)
}

fn within<'de, D, T>(deserializer: D, range: &RangeInclusive<T>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + Display,
{
    let number = T::deserialize(deserializer)?;
    if !range.contains(&number) {
        let (low, high) = (range.start(), range.end());
        return Err(D::Error::custom(format!("{number} is not between {low} and {high}")));
    }
    Ok(number)
}
