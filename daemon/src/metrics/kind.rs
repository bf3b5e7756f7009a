//! What kinds of commands are told apart.

use crate::rooms::Command;

macro_rules! kinds {
    (commands { $($command:ident $command_word:literal,)* } others { $($(#[$doc:meta])* $other:ident $other_word:literal,)* }) => {
        /// A kind of command, as a scraper sees it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $(#[doc = concat!("[`Command::", stringify!($command), "`].")] $command,)*
            $($(#[$doc])* $other,)*
        }

        impl Kind {
            /// All of them, in order.
            pub(super) const ALL: [Self; Self::COUNT] = [$(Self::$command,)* $(Self::$other,)*];
            /// How many there are.
            pub(super) const COUNT: usize = [$($command_word,)* $($other_word,)*].len();

            /// The kind of a command.
            pub(crate) fn of(command: &Command) -> Self {
                match command {
                    $(Command::$command { .. } => Self::$command,)*
                }
            }

            /// In a word.
            pub(super) fn word(self) -> &'static str {
                match self {
                    $(Self::$command => $command_word,)*
                    $(Self::$other => $other_word,)*
                }
            }
        }
    };
}

kinds! {
    commands {
        SignUp "sign-up",
        AddUser "add-user",
        SetPassword "set-password",
        SetDisplayName "set-display-name",
        Restretch "restretch",
        AddDevice "add-device",
        RevokeDevice "revoke-device",
        ApproveSignUp "approve-sign-up",
        DenySignUp "deny-sign-up",
        SetStanding "set-standing",
        DisableUser "disable-user",
        EnableUser "enable-user",
        RemoveUser "remove-user",
        SetSignUpMode "set-sign-up-mode",
        MakeCode "make-code",
        RevokeCode "revoke-code",
        Block "block",
        Unblock "unblock",
        ReadNotifications "read-notifications",
        DismissNotifications "dismiss-notifications",
        CreateRoom "create-room",
        JoinRoom "join-room",
        LeaveRoom "leave-room",
        Send "send",
        Promote "promote",
        Demote "demote",
        Transfer "transfer",
        SetTopic "set-topic",
        Rename "rename",
        SetSlowMode "set-slow-mode",
        MarkRead "mark-read",
        RequestToJoin "request-to-join",
        Withdraw "withdraw",
        Approve "approve",
        Deny "deny",
        AddMember "add-member",
        InviteUser "invite-user",
        RevokeInvite "revoke-invite",
        Kick "kick",
        BanUser "ban-user",
        Unban "unban",
        Expire "expire",
        Forget "forget",
        PruneNotifications "prune-notifications",
        Forsake "forsake",
        ForgetSignUp "forget-sign-up",
        ExpireCode "expire-code",
        ExpireDevice "expire-device",
    }
    others {
        /// A login.
        Login "login",
        /// Asking for pushes: all of one's rooms, or presence in one of them.
        Subscribe "subscribe",
        /// Looking something up.
        LookUp "look-up",
        /// What a session answers by itself: a step of a login, a ping, what makes no sense.
        Other "other",
    }
}
