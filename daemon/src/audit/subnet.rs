//! What an address has in common with its neighbours, which mostly are the same provider's or the
//! same house's.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::name::UserName;

use super::{AuditRecord, Origin};

/// A /24 of IPv4 or a /64 of IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subnet(String);

impl Subnet {
    /// The subnet of an address; `None` for what is none, as on a Unix socket.
    pub(crate) fn of(address: &str) -> Option<Self> {
        let address: IpAddr = address.parse().ok()?;
        Some(Self(match address.to_canonical() {
            IpAddr::V4(v4) => format!("{}/24", Ipv4Addr::from_bits(v4.to_bits() & !0xff)),
            IpAddr::V6(v6) => {
                let first = Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
                format!("{first}/64")
            }
        }))
    }

    /// As it stands in the store.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The record of a device that was used from a network where it never was before.
pub(crate) fn new_network(
    origin: &Origin<'_>,
    user: &UserName,
    device: DeviceId,
    network: &Subnet,
    at: Timestamp,
) -> AuditRecord {
    let record = AuditRecord::new(at, "suspicious-network", origin);
    let record = record.acting(user.as_str()).about(user.as_str());
    record.number("device", device.0).text("network", network.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_have_a_subnet_in_common() {
        for (address, network) in [
            ("192.0.2.7", Some("192.0.2.0/24")),
            ("192.0.2.255", Some("192.0.2.0/24")),
            ("192.0.3.7", Some("192.0.3.0/24")),
            ("::ffff:192.0.2.7", Some("192.0.2.0/24")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("2001:db8:1:2::1", Some("2001:db8:1:2::/64")),
            ("::1", Some("::/64")),
            ("unix", None),
            ("", None),
        ] {
            assert_eq!(Subnet::of(address).as_ref().map(Subnet::as_str), network, "{address}");
        }
    }
}
