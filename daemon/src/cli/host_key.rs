//! `parlord host-key show`.

use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;

use super::listing::Form;
use crate::store::Store;
use crate::tls::{self, HostKey};

/// Prints what users compare and what they put into known_hosts.
pub(super) fn show(data: &Path, form: Form) -> anyhow::Result<()> {
    if !Store::exists(data)? {
        bail!(
            "there is no store in {}; run `parlord serve` once, or name its directory with --data",
            data.display()
        );
    }
    let key = HostKey::load_or_create(data, tls::Store::Present)?;
    let mut out = io::stdout().lock();
    match form {
        Form::Columns => {
            writeln!(out, "{} (ED25519)", key.fingerprint())?;
            writeln!(out, "{}", key.public_line())?;
        }
        // Neither needs escaping.
        Form::Json => writeln!(
            out,
            r#"{{"type":"host-key","fingerprint":"{}","public_key":"{}"}}"#,
            key.fingerprint(),
            key.public_line()
        )?,
    }
    Ok(())
}
