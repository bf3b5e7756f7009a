//! Users, their devices and the sign-ups that wait, on lines for people and for scripts.

use std::io::{self, Write};

use anyhow::bail;
use parlor_protocol::name::{DisplayName, UserName};
use parlor_protocol::text::{printable, quote_json};

use super::link::{Link, NONSENSE};
use crate::audit::rfc3339;
use crate::config::Config;
use crate::control::{ListedDevice, ListedSignUp, ListedUser, Request, Response, ShownUser};

/// For whom a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Aligned columns, for people.
    Columns,
    /// A JSON object a line, for scripts.
    Json,
}

impl Form {
    /// What `--json` says.
    pub(super) fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Columns }
    }
}

/// So many of something.
pub(super) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Prints all users, page by page.
pub(super) async fn users(config: &Config, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let mut out = io::stdout().lock();
    let mut after = None;
    loop {
        let page = daemon.ask(Request::UserList { after }).await?;
        let Response::Users(page) = page else { bail!(NONSENSE) };
        page.iter().try_for_each(|line| writeln!(out, "{}", user_line(line, form)))?;
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.user.clone());
    }
}

/// Prints the sign-ups that wait, page by page.
pub(super) async fn sign_ups(config: &Config, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let mut out = io::stdout().lock();
    let mut after = None;
    loop {
        let page = daemon.ask(Request::SignUpList { after }).await?;
        let Response::SignUps(page) = page else { bail!(NONSENSE) };
        page.iter().try_for_each(|line| writeln!(out, "{}", sign_up_line(line, form)))?;
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.user.clone());
    }
}

/// Prints what there is to say of one user.
pub(super) async fn user(config: &Config, name: UserName, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let shown = daemon.ask(Request::UserShow(name)).await?;
    let Response::User(shown) = shown else { bail!(NONSENSE) };
    Ok(writeln!(io::stdout(), "{}", shown_user(&shown, form))?)
}

/// Prints a user's devices.
pub(super) async fn devices(config: &Config, name: UserName, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let devices = daemon.ask(Request::DeviceList(name)).await?;
    let Response::Devices(devices) = devices else { bail!(NONSENSE) };
    let mut out = io::stdout().lock();
    devices.iter().try_for_each(|line| writeln!(out, "{}", device_line(line, form)))?;
    Ok(out.flush()?)
}

/// Prints for scripts what a user is after a change.
pub(super) async fn made_user(daemon: &mut Link, name: UserName, form: Form) -> anyhow::Result<()> {
    match form {
        Form::Columns => Ok(()),
        Form::Json => {
            let Response::User(shown) = daemon.ask(Request::UserShow(name)).await? else {
                bail!(NONSENSE)
            };
            Ok(writeln!(io::stdout(), "{}", user_line(&shown.user, form))?)
        }
    }
}

/// Prints for scripts whose sign-up was denied: nobody is called that any more.
pub(super) fn denied(user: UserName, form: Form) -> anyhow::Result<()> {
    match form {
        Form::Columns => Ok(()),
        Form::Json => {
            let status = "denied".to_owned();
            let line = ListedUser { user, operator: false, status, display_name: None };
            Ok(writeln!(io::stdout(), "{}", user_line(&line, form))?)
        }
    }
}

/// A user name needs no escaping.
fn user_line(line: &ListedUser, form: Form) -> String {
    let ListedUser { user, operator, status, display_name } = line;
    match form {
        Form::Columns => {
            let standing = if *operator { "operator" } else { "" };
            let status = if status == "active" { "" } else { status };
            let shown = display_name.as_ref().map(DisplayName::as_str).unwrap_or_default();
            let line = format!("{user:<32}  {standing:<8}  {status:<8}  {shown}");
            printable(line.trim_end()).into_owned()
        }
        Form::Json => format!("{{{}}}", user_keys(line)),
    }
}

/// The keys of a user, wherever there are more behind them.
fn user_keys(line: &ListedUser) -> String {
    let ListedUser { user, operator, status, display_name } = line;
    let shown = or_null(display_name.as_ref().map(DisplayName::as_str));
    format!(
        r#""type":"user","user":"{user}","operator":{operator},"status":"{status}","display_name":{shown}"#
    )
}

fn sign_up_line(line: &ListedSignUp, form: Form) -> String {
    let (user, at) = (&line.user, rfc3339(line.at));
    match form {
        Form::Columns => format!("{user:<32}  {at}"),
        Form::Json => format!(r#"{{"type":"sign-up","user":"{user}","at":"{at}"}}"#),
    }
}

fn shown_user(shown: &ShownUser, form: Form) -> String {
    let ShownUser { user: line, created_at, status_at, devices, rooms } = shown;
    let (created, since) = (rfc3339(*created_at), rfc3339(*status_at));
    match form {
        Form::Columns => {
            let operator = if line.operator { "yes" } else { "no" };
            let (user, status) = (&line.user, &line.status);
            let shown = line.display_name.as_ref().map(DisplayName::as_str).unwrap_or("-");
            let shown = printable(shown);
            format!(
                "user      {user}\nshown as  {shown}\noperator  {operator}\nstatus    {status} since {since}\n\
                 created   {created}\ndevices   {devices}\nrooms     {rooms}"
            )
        }
        Form::Json => format!(
            r#"{{{},"created_at":"{created}","status_at":"{since}","devices":{devices},"rooms":{rooms}}}"#,
            user_keys(line)
        ),
    }
}

/// Its user has named the device.
fn device_line(line: &ListedDevice, form: Form) -> String {
    let ListedDevice { id, name, created_at, used_at, address } = line;
    let (created, used) = (rfc3339(*created_at), rfc3339(*used_at));
    match form {
        Form::Columns => {
            let address = if address.is_empty() { "-" } else { address };
            let line = format!("{id:>4}  {created}  {used}  {address:<39}  {name}");
            printable(&line).into_owned()
        }
        // None of them is the one that asks.
        Form::Json => format!(
            r#"{{"type":"device","id":{id},"name":{},"created_at":"{created}","used_at":"{used}","address":{},"current":false}}"#,
            quote_json(name),
            or_null(Some(address.as_str()).filter(|address| !address.is_empty())),
        ),
    }
}

/// A text as JSON has it, or null where there is none.
pub(super) fn or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quote_json)
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::{DeviceId, Timestamp};

    use super::*;

    fn user(name: &str, operator: bool) -> ListedUser {
        let status = if operator { "active" } else { "disabled" }.to_owned();
        let display_name = operator.then(|| "Alice \u{1F600}".parse().unwrap());
        ListedUser { user: name.parse().unwrap(), operator, status, display_name }
    }

    fn both(line: impl Fn(Form) -> String) -> String {
        [Form::Columns, Form::Json].map(line).join("\n")
    }

    #[test]
    fn users_are_listed_for_people_and_for_scripts() {
        let lines = [user("alice", true), user("bob", false)]
            .map(|user| both(|form| user_line(&user, form)));
        insta::assert_snapshot!(lines.join("\n"), @r#"
        alice                             operator            Alice 😀
        {"type":"user","user":"alice","operator":true,"status":"active","display_name":"Alice 😀"}
        bob                                         disabled
        {"type":"user","user":"bob","operator":false,"status":"disabled","display_name":null}
        "#);
    }

    #[test]
    fn sign_ups_that_wait_are_listed_for_people_and_for_scripts() {
        let line = ListedSignUp { user: "bob".parse().unwrap(), at: Timestamp(1_795_377_632_123) };
        insta::assert_snapshot!(both(|form| sign_up_line(&line, form)), @r#"
        bob                               2026-11-22T20:00:32.123Z
        {"type":"sign-up","user":"bob","at":"2026-11-22T20:00:32.123Z"}
        "#);
    }

    #[test]
    fn one_user_is_shown_with_all_there_is_to_say() {
        let shown = ShownUser {
            user: user("bob", false),
            created_at: Timestamp(1_795_377_632_123),
            status_at: Timestamp(1_795_464_032_123),
            devices: 2,
            rooms: 0,
        };
        insta::assert_snapshot!(both(|form| shown_user(&shown, form)), @r#"
        user      bob
        shown as  -
        operator  no
        status    disabled since 2026-11-23T20:00:32.123Z
        created   2026-11-22T20:00:32.123Z
        devices   2
        rooms     0
        {"type":"user","user":"bob","operator":false,"status":"disabled","display_name":null,"created_at":"2026-11-22T20:00:32.123Z","status_at":"2026-11-23T20:00:32.123Z","devices":2,"rooms":0}
        "#);
    }

    #[test]
    fn a_devices_name_reaches_no_terminal_raw() {
        let device = |id, name: &str, address: &str| ListedDevice {
            id: DeviceId(id),
            name: name.to_owned(),
            created_at: Timestamp(1_795_377_632_123),
            used_at: Timestamp(1_795_464_032_123),
            address: address.to_owned(),
        };
        let lines = [
            device(1, "lap\"top\u{202E}\u{1b}[2J", ""),
            device(100, "phone", "2001:db8:85a3:8d3:1319:8a2e:370:7348"),
        ];
        let lines = lines.map(|device| both(|form| device_line(&device, form)));
        insta::assert_snapshot!(lines.join("\n"), @r#"
           1  2026-11-22T20:00:32.123Z  2026-11-23T20:00:32.123Z  -                                        lap"top��[2J
        {"type":"device","id":1,"name":"lap\"top\u202e\u001b[2J","created_at":"2026-11-22T20:00:32.123Z","used_at":"2026-11-23T20:00:32.123Z","address":null,"current":false}
         100  2026-11-22T20:00:32.123Z  2026-11-23T20:00:32.123Z  2001:db8:85a3:8d3:1319:8a2e:370:7348     phone
        {"type":"device","id":100,"name":"phone","created_at":"2026-11-22T20:00:32.123Z","used_at":"2026-11-23T20:00:32.123Z","address":"2001:db8:85a3:8d3:1319:8a2e:370:7348","current":false}
        "#);
    }
}
