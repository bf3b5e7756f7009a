//! How dearly a password is stretched, and what a client agrees to.

use opaque_ke::errors::InternalError;
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::ksf::Ksf;

use crate::account::StretchCost;

/// The most memory that a client gives to one login, in bytes.
const MEMORY_BYTES_MAX: u64 = 1 << 30;
const LOG_N_MAX: u32 = 20;
const R_MAX: u32 = 32;
const P_MAX: u32 = 16;

/// Why a client does not stretch a password at some cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StretchError {
    /// So cheap that whoever steals the record finds the password: below [`StretchCost::OWASP`].
    #[error("the server's password stretching is too weak")]
    Weak,
    /// So dear that a server could stall its clients with it, or no scrypt parameters at all.
    #[error("the server's password stretching is too costly")]
    Absurd,
}

impl StretchCost {
    /// What OWASP recommends for scrypt: 128 MiB and about half a second.
    pub const OWASP: Self = Self { log_n: 17, r: 8, p: 1 };

    /// Next to nothing, for tests. Clients refuse it except in builds with debug assertions.
    #[cfg(debug_assertions)]
    pub const WEAK: Self = Self { log_n: 4, r: 8, p: 1 };

    /// Whether a client agrees to stretch its user's password at this cost.
    ///
    /// # Errors
    /// `Weak` and `Absurd` as they say; builds with debug assertions take weak ones.
    pub fn check_client(&self) -> Result<(), StretchError> {
        let &Self { log_n, r, p } = self;
        if !(1..=LOG_N_MAX).contains(&log_n)
            || !(1..=R_MAX).contains(&r)
            || !(1..=P_MAX).contains(&p)
            || self.memory_bytes() > MEMORY_BYTES_MAX
        {
            return Err(StretchError::Absurd);
        }
        if self.is_weak() && !cfg!(debug_assertions) {
            return Err(StretchError::Weak);
        }
        Ok(())
    }

    /// Whether stretching at this cost takes more work than at the other.
    #[must_use]
    pub fn is_dearer_than(&self, other: &Self) -> bool {
        self.work() > other.work()
    }

    /// By memory, which is what makes guessing dear on graphics cards; OWASP's own alternatives
    /// with less of it are for servers that stretch many passwords at once.
    fn is_weak(&self) -> bool {
        self.memory_bytes() < Self::OWASP.memory_bytes()
    }

    /// Saturating, because the numbers may come from the network and not have been checked yet.
    fn memory_bytes(&self) -> u64 {
        let n = 1_u64.checked_shl(self.log_n).unwrap_or(u64::MAX);
        n.saturating_mul(u64::from(self.r)).saturating_mul(128)
    }

    fn work(&self) -> u64 {
        self.memory_bytes().saturating_mul(u64::from(self.p))
    }
}

/// The key-stretching function of the suite at one cost.
pub(super) struct Scrypt(pub(super) StretchCost);

impl Default for Scrypt {
    fn default() -> Self {
        Self(StretchCost::OWASP)
    }
}

impl Ksf for Scrypt {
    /// The salt is 16 zeros as RFC 9807 has it: the input is already salted, by the server's
    /// secret key for this very user.
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        let StretchCost { log_n, r, p } = self.0;
        let params = u8::try_from(log_n)
            .ok()
            .and_then(|log_n| scrypt::Params::new(log_n, r, p).ok())
            .ok_or(InternalError::KsfError)?;
        let mut output = GenericArray::default();
        scrypt::scrypt(&input, &[0; 16], &params, &mut output)
            .map_err(|_| InternalError::KsfError)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_memory_than_owasp_is_weak() {
        for (log_n, r, weak) in [(16, 8, true), (17, 7, true), (17, 8, false), (16, 16, false)] {
            assert_eq!(StretchCost { log_n, r, p: 1 }.is_weak(), weak, "{log_n} {r}");
        }
    }
}
