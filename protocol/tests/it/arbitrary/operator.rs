//! Strategies for what operators do.

use parlor_protocol::operator::{
    Account, AccountStatus, Announce, Announced, ApproveSignUp, DenySignUp, DisableUser,
    EnableUser, ListSignUps, SignUp, SignUps,
};
use parlor_protocol::push::Push;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{any_of_struct, at, record, text, user};

pub(super) fn command() -> BoxedStrategy<Command> {
    let any_text = any::<String>;
    prop_oneof![
        any_of_struct!(ListSignUps { after: of(any_text()), limit: any::<u32>() })
            .prop_map(Command::ListSignUps),
        any_of_struct!(ApproveSignUp { user: any_text() }).prop_map(Command::ApproveSignUp),
        any_of_struct!(DenySignUp { user: any_text(), reason: any_text() })
            .prop_map(Command::DenySignUp),
        any_of_struct!(DisableUser { user: any_text() }).prop_map(Command::DisableUser),
        any_of_struct!(EnableUser { user: any_text() }).prop_map(Command::EnableUser),
        any_of_struct!(Announce { text: any_text() }).prop_map(Command::Announce),
    ]
    .boxed()
}

pub(super) fn outcome() -> BoxedStrategy<Outcome> {
    let sign_up = any_of_struct!(SignUp { user: user(), at: at() });
    prop_oneof![
        any_of_struct!(SignUps { sign_ups: vec(record(sign_up), 0..5), next: of(any::<String>()) })
            .prop_map(Outcome::SignUps),
        any_of_struct!(Account {
            user: user(),
            operator: any::<bool>(),
            status: select(AccountStatus::ALL),
        })
        .prop_map(Outcome::Account),
    ]
    .boxed()
}

pub(super) fn push() -> BoxedStrategy<Push> {
    any_of_struct!(Announced { at: at(), by: of(user()), text: text() })
        .prop_map(Push::Announced)
        .boxed()
}
