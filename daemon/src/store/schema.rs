//! The schema: which migrations a store has been through, and the ones that there are.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::{DATABASE, Doing, FREE_BYTES_MIN, StoreError};

mod embedded {
    //! The migrations, compiled in.
    #![allow(missing_docs, unreachable_pub, reason = "the macro declares them")]
    refinery::embed_migrations!("../migrations");
}

/// Whose schema a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schema {
    /// None at all: the file is new.
    Empty,
    /// Nobody's who leaves word of it.
    Unknown,
    /// That of an earlier parlord, which is brought up to date.
    Older,
    /// This program's.
    Ours,
    /// That of a later parlord.
    Newer,
    /// One that no release has made.
    Foreign,
}

/// Makes sure that the store has the schema that this program knows.
///
/// # Errors
/// It has another, or it is no store of ours.
pub(super) fn expect_ours(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match found(connection)? {
        Schema::Ours => Ok(()),
        Schema::Older => Err(StoreError::Older(path.to_owned())),
        Schema::Empty => Err(StoreError::NoStore(path.to_owned())),
        other @ (Schema::Unknown | Schema::Newer | Schema::Foreign) => Err(refused(other, path)),
    }
}

/// Brings the schema of the store in `dir` up to date, or makes it: all of it, or nothing.
///
/// # Errors
/// It is none that this program could bring up to date, there is too little space, or the disk
/// fails.
pub(super) fn migrate(connection: &mut Connection, dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(DATABASE);
    match found(connection)? {
        Schema::Ours => Ok(()),
        Schema::Empty | Schema::Older => {
            super::expect_space(dir, FREE_BYTES_MIN)?;
            run_missing(connection, &path)
        }
        other @ (Schema::Unknown | Schema::Newer | Schema::Foreign) => Err(refused(other, &path)),
    }
}

/// Runs the migrations that the store lacks. They and the notes that they were run are one
/// transaction: a migration that was run and not noted would be run again, and fail for ever.
fn run_missing(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let outcome = embedded::migrations::runner().set_grouped(true).run(connection);
    outcome
        .map(drop)
        .map_err(|source| StoreError::Migrate { path: path.to_owned(), source: Box::new(source) })
}

/// What a store of our schema has otherwise than a new one: the thing, and what became of it.
///
/// # Errors
/// It cannot be read.
pub(super) fn differences(
    connection: &Connection,
) -> Result<Vec<(String, &'static str)>, StoreError> {
    let mut new = Connection::open_in_memory().doing("make a schema to compare with")?;
    run_missing(&mut new, Path::new(":memory:"))?;
    let made = parts(&new).doing("read the schema to compare with")?;
    let found = parts(connection).doing("read the schema of")?;
    let lost = made.iter().filter_map(|(part, sql)| match found.get(part) {
        None => Some((part.clone(), "is not there")),
        Some(other) if other != sql => Some((part.clone(), "is not what parlord makes")),
        Some(_) => None,
    });
    let added = found.keys().filter(|part| !made.contains_key(*part));
    Ok(lost.chain(added.map(|part| (part.clone(), "is nothing that parlord makes"))).collect())
}

/// What a schema is made of, as in `table users`, each with its statement. What SQLite makes itself
/// is left out.
fn parts(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare(
        "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn refused(schema: Schema, path: &Path) -> StoreError {
    match schema {
        Schema::Newer => StoreError::Newer(path.to_owned()),
        Schema::Foreign => StoreError::Foreign(path.to_owned()),
        Schema::Empty | Schema::Unknown | Schema::Older | Schema::Ours => {
            StoreError::NoStore(path.to_owned())
        }
    }
}

fn found(connection: &Connection) -> Result<Schema, StoreError> {
    let is_there = |sql| connection.prepare(sql).and_then(|mut it| it.exists([])).doing("look at");
    if !is_there("SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'")? {
        let empty = !is_there("SELECT 1 FROM sqlite_schema")?;
        return Ok(if empty { Schema::Empty } else { Schema::Unknown });
    }
    let made = history(connection).doing("read the version of")?;
    let runner = embedded::migrations::runner();
    let ours: BTreeMap<i64, String> = runner
        .get_migrations()
        .iter()
        .map(|it| (i64::from(it.version()), it.checksum().to_string()))
        .collect();
    let newest = ours.keys().next_back();
    if made.keys().next_back() > newest {
        return Ok(Schema::Newer);
    }
    if made.iter().any(|(version, checksum)| ours.get(version) != Some(checksum)) {
        return Ok(Schema::Foreign);
    }
    Ok(match made.len().cmp(&ours.len()) {
        Ordering::Less => Schema::Older,
        Ordering::Equal | Ordering::Greater => Schema::Ours,
    })
}

/// The migrations that were made, each with its checksum.
fn history(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, String>> {
    let mut statement =
        connection.prepare("SELECT version, checksum FROM refinery_schema_history")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
