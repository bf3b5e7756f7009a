//! Whom an address stands for, as far as limits for each address go.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Bits of an IPv6 address that tell one party from another: a party is given a /64 and may use any
/// address in it.
const V6_BITS: u32 = 64;

/// An address, or all of those that one party has anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Network {
    /// The Unix sockets of this machine.
    Unix,
    /// An IPv4 address, or the first of an IPv6 /64.
    Ip(IpAddr),
}

/// Whether limits for each address also count for those of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loopback {
    /// They do not.
    Spared,
    /// They do.
    Limited,
}

impl Network {
    /// Whom a connection's address stands for, in the words of the audit.
    pub(crate) fn of(peer: &str) -> Self {
        peer.parse().map_or(Self::Unix, Self::of_ip)
    }

    /// Whom an address stands for.
    pub(crate) fn of_ip(address: IpAddr) -> Self {
        Self::Ip(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                let kept = address.to_bits() >> (128 - V6_BITS) << (128 - V6_BITS);
                Ipv6Addr::from_bits(kept).into()
            }
            other => other,
        })
    }

    /// The same where it is limited, `None` where it is spared.
    pub(crate) fn limited(self, loopback: Loopback) -> Option<Self> {
        let is_local = match self {
            Self::Unix => true,
            Self::Ip(address) => address.is_loopback(),
        };
        match loopback {
            Loopback::Spared if is_local => None,
            Loopback::Spared | Loopback::Limited => Some(self),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix => f.write_str("unix"),
            Self::Ip(IpAddr::V6(address)) if !address.is_loopback() => {
                write!(f, "{address}/{V6_BITS}")
            }
            Self::Ip(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_64_is_one_party_and_an_ipv4_address_is_its_own() {
        let shown = |peer: &str| Network::of(peer).to_string();
        assert_eq!(shown("192.0.2.7"), "192.0.2.7");
        assert_eq!(shown("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(Network::of("2001:db8:1:2::1"), Network::of("2001:db8:1:2:ffff::"));
        assert_ne!(Network::of("2001:db8:1:2::1"), Network::of("2001:db8:1:3::1"));
        assert_eq!((shown("::1"), shown("unix")), ("::1".to_owned(), "unix".to_owned()));
    }

    #[test]
    fn this_machine_is_spared_unless_it_is_not() {
        for local in ["127.0.0.1", "127.8.9.1", "::1", "unix"].map(Network::of) {
            assert_eq!(local.limited(Loopback::Spared), None, "{local}");
            assert_eq!(local.limited(Loopback::Limited), Some(local));
        }
        for remote in ["192.0.2.7", "10.0.0.1", "2001:db8::1"].map(Network::of) {
            assert_eq!(remote.limited(Loopback::Spared), Some(remote), "{remote}");
        }
    }
}
