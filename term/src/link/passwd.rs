//! Another password for whoever is logged in.

use parlor_protocol::name::UserName;
use parlor_protocol::password::Password;
use parlor_protocol::refusal::{Code, Refusal};

use crate::model::{AskId, Secret};
use crate::net::account::LoginError;
use crate::net::login::change_password;
use crate::net::{Client, ConnectError};
use crate::update::News;
use crate::words;

/// Changes the password; `None` where the connection was lost, which is noticed elsewhere.
pub(super) async fn passwd(
    client: &Client,
    binding: &[u8; 32],
    user: &UserName,
    id: AskId,
    (old, new): (Secret, Secret),
) -> Option<News> {
    let refused =
        |refusal: &Refusal, why: String| Some(News::Failed { id, code: Some(refusal.code), why });
    let failed = |why: String| Some(News::Failed { id, code: None, why: words::whole(&why) });
    let Ok(new) = Password::parse(new.as_str()) else {
        let refusal = Code::WeakPassword.into();
        return refused(&refusal, words::on_screen(&words::refusal(&refusal), &refusal));
    };
    // No password like this was ever registered.
    let Ok(old) = Password::parse(old.as_str()) else {
        let refusal = Code::BadCredentials.into();
        return refused(&refusal, words::on_screen(&words::refusal(&refusal), &refusal));
    };
    match change_password(client, binding, user, &old, &new).await.map_err(LoginError::from) {
        Ok(()) => Some(News::Done(id)),
        Err(LoginError::Refused(refusal)) if refusal.code == Code::RateLimited => {
            let wait = refusal.retry_after_ms.map_or_else(String::new, words::wait);
            let why = format!("There were too many wrong passwords; wait, then try again{wait}.");
            refused(&refusal, why)
        }
        Err(LoginError::Refused(refusal)) => {
            refused(&refusal, words::on_screen(&words::refusal(&refusal), &refusal))
        }
        Err(LoginError::Connect(ConnectError::Lost(_))) => None,
        Err(
            error @ (LoginError::Connect(_)
            | LoginError::Password(_)
            | LoginError::Unacceptable(_)
            | LoginError::Key(_)),
        ) => failed(error.to_string()),
    }
}
