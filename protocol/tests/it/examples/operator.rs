//! What operators do.

use parlor_protocol::operator::{
    Account, AccountStatus, Announce, Announced, ApproveSignUp, DenySignUp, DisableUser,
    EnableUser, ListSignUps, SignUp, SignUps,
};
use parlor_protocol::record::Record;

use super::door::bob;
use super::values::{AT, alice};

pub(super) fn operated() -> Account {
    Account { user: bob(), operator: false, status: AccountStatus::Disabled }
}

pub(super) fn list_sign_ups() -> ListSignUps {
    ListSignUps { after: Some("bob".into()), limit: 50 }
}

pub(super) fn sign_up() -> SignUp {
    SignUp { user: bob(), at: AT }
}

pub(super) fn sign_ups() -> SignUps {
    SignUps { sign_ups: vec![Record(sign_up())], next: Some("bob".into()) }
}

pub(super) fn approve_sign_up() -> ApproveSignUp {
    ApproveSignUp { user: "bob".into() }
}

pub(super) fn deny_sign_up() -> DenySignUp {
    DenySignUp { user: "bob".into(), reason: "not this time".into() }
}

pub(super) fn disable_user() -> DisableUser {
    DisableUser { user: "bob".into() }
}

pub(super) fn enable_user() -> EnableUser {
    EnableUser { user: "bob".into() }
}

pub(super) fn announce() -> Announce {
    Announce { text: "back at nine".into() }
}

pub(super) fn announced() -> Announced {
    Announced { at: AT, by: Some(alice()), text: "back at nine".parse().unwrap() }
}
