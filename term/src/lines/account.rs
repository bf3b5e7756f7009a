//! The commands about oneself: sign-up, display name, devices, password.

use parlor_protocol::account::{Device, RevokeDevice, SetDisplayName};
use parlor_protocol::id::DeviceId;
use parlor_protocol::password::Password;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::text::printable;
use zeroize::Zeroizing;

use super::output::{Listed, Output};
use super::show::waiting_user;
use super::{Context, Format};
use crate::cli::{DevicesAction, Page};
use crate::console::Console;
use crate::failure::Failure;
use crate::net::account::{Account, LoginError, Passwords, ask_new};
use crate::net::{SignedUp, login};
use crate::words::{self, Doing};

/// Makes the account.
pub(super) async fn sign_up(
    code: Option<String>,
    account: &Account,
    console: &mut dyn Console,
    mut out: Output,
) -> Result<(), Failure> {
    let doing = if code.is_some() { Doing::SignUpByCode } else { Doing::Other };
    let (session, signed_up) = match account.sign_up(code, console).await {
        Ok(signed_up) => signed_up,
        // A refused sign-up is a refusal like any other: no login was tried.
        Err(LoginError::Refused(refusal)) => {
            let sentence = words::refusal_of(&doing, &refusal, account.user.as_str());
            return Err(Failure::RefusedOf(refusal, sentence));
        }
        Err(error) => return Err(error.into()),
    };
    match signed_up {
        SignedUp::In(me) => out.made(|| me.object())?,
        SignedUp::Waiting => {
            let user = &account.user;
            console.say(&format!(
                "parlor: {user} is signed up, and an operator of this server has to approve it \
                 before you can log in"
            ));
            out.made(|| waiting_user(user))?;
        }
    }
    out.end()?;
    session.close().await;
    Ok(())
}

impl Context<'_> {
    pub(super) async fn devices(
        &mut self,
        action: Option<DevicesAction>,
        page: &Page,
    ) -> Result<(), Failure> {
        if let Some(DevicesAction::Revoke { id }) = action {
            return Ok(self.client().ask(RevokeDevice { id: DeviceId(id) }).await?);
        }
        // The wire has them all in one page, so the cursor, the last number printed, is ours.
        let after: u32 = match page.after.as_deref().map(str::parse) {
            None => 0,
            Some(Ok(after)) => after,
            Some(Err(_)) => return Err(Failure::Usage("--after: not a cursor".to_owned())),
        };
        let devices: Vec<Device> =
            self.client().devices().await?.devices.into_iter().map(|Record(one)| one).collect();
        let rest: Vec<&Device> = devices.iter().filter(|device| device.id.0 > after).collect();
        let limit = page.limit.map_or(rest.len(), |limit| limit as usize);
        for device in rest.iter().take(limit) {
            self.out.list(*device)?;
        }
        if rest.len() > limit {
            self.out.page(&rest[limit - 1].id.to_string())?;
        }
        Ok(())
    }

    /// Prints the display name where none is given, as `hostname` does.
    pub(super) async fn name(&mut self, text: &[String]) -> Result<(), Failure> {
        if text.is_empty() {
            return match (self.out.format(), &self.me.display_name) {
                (Format::Json, _) => Ok(self.out.list(&self.me)?),
                (Format::Columns, Some(name)) => Ok(self.out.line(&printable(name.as_str()))?),
                (Format::Columns, None) => Ok(()),
            };
        }
        let set = SetDisplayName { display_name: text.join(" ") };
        self.me.display_name = self.client().ask(set).await?.display_name;
        Ok(self.out.made(|| self.me.object())?)
    }

    pub(super) async fn passwd(&mut self) -> Result<(), Failure> {
        let (user, host) = (self.me.user.clone(), &self.account.endpoint.host);
        let current =
            self.account.password(&format!("{user}@{host}'s password: "), self.console)?;
        let new = self.new_password()?;
        let Ok(current) = Password::parse(&current) else {
            return Err(Code::BadCredentials.into());
        };
        let (client, binding) = (&self.session.client, &self.session.met.login_context);
        let changed = login::change_password(client, binding, &user, &current, &new).await;
        changed.map_err(|error| match LoginError::from(error) {
            LoginError::Refused(refusal) => Failure::Refused(refusal),
            error => error.into(),
        })
    }

    /// The second line of standard input where the first was the current password, else asked for.
    fn new_password(&mut self) -> Result<Password, LoginError> {
        match self.account.passwords {
            Passwords::Given(_) => Ok(Password::parse(&stdin_line()?)?),
            Passwords::Terminal | Passwords::Command(_) => ask_new("New password: ", self.console),
        }
    }
}

/// Reads a line of standard input without its end.
///
/// # Errors
/// When there is none.
pub(crate) fn stdin_line() -> Result<Zeroizing<String>, LoginError> {
    let mut line = Zeroizing::new(String::new());
    match std::io::stdin().read_line(&mut line) {
        Ok(0) => Err(LoginError::Password("standard input has no password".to_owned())),
        Ok(_) => Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned())),
        Err(error) => Err(LoginError::Password(format!("cannot read the password: {error}"))),
    }
}
