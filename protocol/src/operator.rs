//! What operators do from a client: who gets an account, who loses it, and what everybody is told.

use crate::id::Timestamp;
use crate::name::UserName;
use crate::record::{Record, wire_struct, wire_tag};
use crate::text::MessageText;

wire_tag! {
    /// Whether an account may log in.
    pub enum AccountStatus {
        /// It may.
        Active = "active",
        /// Its sign-up waits for an operator.
        Waiting = "waiting",
        /// An operator has denied its sign-up.
        Denied = "denied",
        /// An operator has shut it out.
        Disabled = "disabled",
        /// It is gone, and its name reserved.
        Removed = "removed",
    }
}

wire_struct! {
    /// An account, as operators see it.
    pub struct Account {
        /// Whose.
        pub user: UserName,
        /// Whether they may administer the server.
        pub operator: bool,
        /// Whether they may log in.
        pub status: AccountStatus,
    }

    /// Asks for a page of the sign-ups that wait.
    pub struct ListSignUps {
        /// The `next` of the page before; `None` for the first.
        pub after: Option<String>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// A sign-up that waits.
    pub struct SignUp {
        /// Its name.
        pub user: UserName,
        /// Since when.
        pub at: Timestamp,
    }

    /// A page of sign-ups that wait, by name.
    pub struct SignUps {
        /// The page.
        pub sign_ups: Vec<Record<SignUp>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// Lets a sign-up in.
    pub struct ApproveSignUp {
        /// Whose.
        pub user: String,
    }

    /// Denies a sign-up.
    pub struct DenySignUp {
        /// Whose.
        pub user: String,
        /// Why, for them to read at their next login; blank for no reason.
        pub reason: String,
    }

    /// Shuts a user out.
    pub struct DisableUser {
        /// Whom.
        pub user: String,
    }

    /// Lets a user in again.
    pub struct EnableUser {
        /// Whom.
        pub user: String,
    }

    /// Tells everybody something who is connected.
    pub struct Announce {
        /// What.
        pub text: String,
    }

    /// An operator tells everybody something.
    pub struct Announced {
        /// When.
        pub at: Timestamp,
        /// Which operator; `None` for whoever runs the daemon.
        pub by: Option<UserName>,
        /// What.
        pub text: MessageText,
    }
}
