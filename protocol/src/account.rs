//! Users and their devices, and the steps of sign-up and login.

use crate::id::{Bytes, DeviceId, Timestamp};
use crate::name::{DisplayName, UserName};
use crate::record::{Record, wire_struct, wire_tag};

wire_tag! {
    /// Whether and how new users sign up.
    pub enum SignUpMode {
        /// Operators add users.
        Closed = "closed",
        /// Anyone may.
        Open = "open",
        /// Whoever has a code.
        Code = "code",
        /// Anyone may, and waits until an operator approves.
        Approval = "approval",
    }
}

wire_tag! {
    /// Why a password is registered anew.
    pub enum PasswordPurpose {
        /// It is another one: all devices but the connection's own are revoked.
        Change = "change",
        /// It is the same one, stretched at the cost that the server wants now: all devices stay.
        Restretch = "restretch",
    }
}

wire_struct! {
    /// The cost of stretching a password with scrypt; it stands beside every password record.
    pub struct StretchCost {
        /// The base-2 logarithm of scrypt's N.
        pub log_n: u32,
        /// scrypt's block size r.
        pub r: u32,
        /// scrypt's parallelism p.
        pub p: u32,
    }

    /// A device key that logs its user in from now on.
    pub struct NewDevice {
        /// What its user calls it, such as the machine's name; at most 64 columns, sanitised.
        pub name: String,
        /// The Ed25519 public key.
        pub public_key: Bytes<32>,
    }

    /// Begins a sign-up: OPAQUE's registration request.
    pub struct SignUpStart {
        /// The wanted name.
        pub name: String,
        /// The registration request, 32 bytes.
        #[serde(with = "crate::record::octets")]
        pub request: Vec<u8>,
    }

    /// Ends a sign-up. The connection is logged in when it succeeds, unless an operator has to
    /// approve first: then the answer is `Done`, and logins are refused until that has happened.
    pub struct SignUpFinish {
        /// The wanted name, as in the start.
        pub name: String,
        /// OPAQUE's registration upload, 192 bytes.
        #[serde(with = "crate::record::octets")]
        pub upload: Vec<u8>,
        /// The cost with which the password was stretched: the one that the server asked for.
        pub cost: Record<StretchCost>,
        /// A device to register at once.
        pub device: Option<Record<NewDevice>>,
        /// The sign-up code, where one was given.
        pub code: Option<String>,
    }

    /// Begins a login by password: OPAQUE's credential request. A user who is logged in proves the
    /// password again by it, as a password change demands.
    pub struct LoginStart {
        /// The user.
        pub name: String,
        /// The credential request.
        #[serde(with = "crate::record::octets")]
        pub request: Vec<u8>,
    }

    /// Ends a login by password.
    pub struct LoginFinish {
        /// OPAQUE's credential finalization, 64 bytes.
        #[serde(with = "crate::record::octets")]
        pub finalization: Vec<u8>,
        /// A device to register at once.
        pub device: Option<Record<NewDevice>>,
    }

    /// A login by device: no password, one step.
    pub struct DeviceLogin {
        /// The user.
        pub name: String,
        /// The device's Ed25519 public key.
        pub public_key: Bytes<32>,
        /// Its signature over four strings: see "Logging in by device".
        pub signature: Bytes<64>,
    }

    /// Begins a password change; demands that this connection proved the password.
    pub struct PasswordStart {
        /// OPAQUE's registration request.
        #[serde(with = "crate::record::octets")]
        pub request: Vec<u8>,
    }

    /// Ends a password change.
    pub struct PasswordFinish {
        /// OPAQUE's registration upload.
        #[serde(with = "crate::record::octets")]
        pub upload: Vec<u8>,
        /// The cost with which the password was stretched.
        pub cost: Record<StretchCost>,
        /// Whether it is another password.
        pub purpose: PasswordPurpose,
    }

    /// The server's half of a registration.
    pub struct Registration {
        /// OPAQUE's registration response.
        #[serde(with = "crate::record::octets")]
        pub response: Vec<u8>,
        /// How the client must stretch the password.
        pub cost: Record<StretchCost>,
    }

    /// The server's half of a login, the same in kind for names that do not exist.
    pub struct Credential {
        /// OPAQUE's credential response.
        #[serde(with = "crate::record::octets")]
        pub response: Vec<u8>,
        /// How the password was stretched.
        pub cost: Record<StretchCost>,
        /// How the server wants it stretched; where it is dearer the client registers anew.
        pub wanted: Record<StretchCost>,
    }

    /// A login that succeeded.
    pub struct LoggedIn {
        /// Who one is now.
        pub user: UserName,
        /// Whether one may administer the server.
        pub operator: bool,
        /// The device by which one logged in or which one just registered.
        pub device: Option<DeviceId>,
        /// What one is shown with beside one's name.
        pub display_name: Option<DisplayName>,
    }

    /// Says what one is shown with beside one's name.
    pub struct SetDisplayName {
        /// The display name; a blank one is none.
        pub display_name: String,
    }

    /// A user, and what they are shown with.
    pub struct Named {
        /// Who.
        pub user: UserName,
        /// Beside their name, never in its place.
        pub display_name: Option<DisplayName>,
    }

    /// A device of one's own.
    pub struct Device {
        /// Its number.
        pub id: DeviceId,
        /// What its user calls it.
        pub name: String,
        /// Its Ed25519 public key.
        pub public_key: Bytes<32>,
        /// When it was registered.
        pub created_at: Timestamp,
        /// When it last logged in.
        pub used_at: Timestamp,
        /// The address from which it last logged in.
        pub address: String,
        /// Whether this connection uses it.
        pub current: bool,
    }

    /// Which device to revoke.
    pub struct RevokeDevice {
        /// Its number.
        pub id: DeviceId,
    }

    /// All devices of a user; there are at most 100.
    pub struct Devices {
        /// By number.
        pub devices: Vec<Record<Device>>,
    }
}

/// What a device signs to log in: a context string, the user, the Welcome's challenge, and the
/// connection's binding (the TLS exporter, or [`PLAIN_BINDING`](crate::hello::PLAIN_BINDING)), each
/// behind its length so that no two logins share their bytes.
#[must_use]
pub fn device_login_message(user: &UserName, challenge: &Bytes<32>, binding: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(128);
    for part in
        [b"parlor/1 device login".as_slice(), user.as_str().as_bytes(), &challenge.0, binding]
    {
        message.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend(part);
    }
    message
}
