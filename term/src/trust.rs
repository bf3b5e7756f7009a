//! TLS to a server that is known by its key alone, and the decision whether this is that server.
//!
//! The handshake accepts every Ed25519 key that its holder proves to hold, and hands the key out.
//! The decision falls right after it and before the first byte of ours: nothing that is asked of
//! the user holds up rustls, and no login of any kind begins with a server that is not trusted.

use std::str::FromStr;
use std::sync::Arc;

use parlor_protocol::hello::{ALPN, EXPORTER_LABEL};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, PeerMisbehaved,
    SignatureScheme,
};

use crate::console::Console;
use crate::host_key::HostKey;
use crate::known_hosts::{KnownHosts, KnownHostsError, Place, Standing};

/// The TLS of every connection: version 1.3 only, a raw Ed25519 key from the server, `parlor/1`
/// only, and no resumption, which would skip the look at the key.
pub(crate) fn client_config() -> Arc<ClientConfig> {
    let provider = rustls::crypto::ring::default_provider();
    let verifier = RawKeyVerifier { algorithms: provider.signature_verification_algorithms };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("invariant: ring's suites speak TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    // The key is looked up by the name that the user typed; the wire need not show it.
    config.enable_sni = false;
    Arc::new(config)
}

/// The name that rustls wants for every server and that goes nowhere: see [`client_config`].
pub(crate) fn server_name() -> ServerName<'static> {
    ServerName::try_from("parlor").expect("invariant: a constant and valid name")
}

/// Checks that the server holds the Ed25519 key that it shows, and leaves trust to [`settle`].
#[derive(Debug)]
struct RawKeyVerifier {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for RawKeyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match HostKey::from_spki(end_entity) {
            Some(_) => Ok(ServerCertVerified::assertion()),
            None => Err(CertificateError::BadEncoding.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("a signature of TLS 1.2 in TLS 1.3".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if dss.scheme != SignatureScheme::ED25519 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        let key = SubjectPublicKeyInfoDer::from(cert.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// What a finished handshake says of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    /// The key that the server proved to hold.
    pub(crate) key: HostKey,
    /// The 32 bytes that bind a login to this very TLS session. They go into the context of the
    /// password login and under a device's signature, so a relayed login fails.
    pub(crate) login_context: [u8; 32],
}

/// The other end finished a handshake, but not one of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server does not speak the TLS protocol parlor/1; is this a parlord's TLS port?")]
pub(crate) struct NotParlor;

/// Reads off a finished handshake whom we met.
///
/// # Errors
/// When the server did not agree on our protocol.
pub(crate) fn met(tls: &ClientConnection) -> Result<Met, NotParlor> {
    if tls.alpn_protocol() != Some(ALPN) {
        return Err(NotParlor);
    }
    let shown = tls.peer_certificates().and_then(|keys| keys.first()).ok_or(NotParlor)?;
    let key = HostKey::from_spki(shown).ok_or(NotParlor)?;
    let login_context =
        tls.export_keying_material([0; 32], EXPORTER_LABEL, None).map_err(|_| NotParlor)?;
    Ok(Met { key, login_context })
}

/// What to do with a server that is not known: the option of the same name.
///
/// None of them goes on with a changed key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StrictHostKeyChecking {
    /// Ask the user.
    #[default]
    Ask,
    /// Take the key and remember it.
    AcceptNew,
    /// Refuse.
    Yes,
    /// As `AcceptNew`: ssh would go on with a changed key too, without a password login, and
    /// here every login would be one.
    No,
}

impl FromStr for StrictHostKeyChecking {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "ask" => Ok(Self::Ask),
            "accept-new" => Ok(Self::AcceptNew),
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err("use ask, accept-new, yes or no".to_owned()),
        }
    }
}

/// A server as the user knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Its name in `known_hosts`, of [`crate::known_hosts::host_name`].
    pub(crate) name: String,
    /// The address that was connected to, written the same way.
    pub(crate) address: String,
}

/// Why there is no trust. The text is the whole of what the user is shown, as ssh words it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untrusted {
    /// The server is known by another key.
    #[error("{}", changed_words(name, key, place))]
    Changed {
        /// The server's name.
        name: String,
        /// The key that it showed.
        key: HostKey,
        /// The line with the key that it is known by.
        place: Place,
    },
    /// The key is marked as revoked.
    #[error("{}", revoked_words(name, place))]
    Revoked {
        /// The server's name.
        name: String,
        /// The line that says so.
        place: Place,
    },
    /// Nothing is known of the server, the settings forbid to accept it, or there is nobody to ask.
    #[error(
        "No ED25519 host key is known for {name} and {}.\n\
         The key that it showed has the fingerprint {}.\n\
         Host key verification failed.", why.words(), key.fingerprint()
    )]
    Unknown {
        /// The server's name.
        name: String,
        /// The key that it showed.
        key: HostKey,
        /// Why it was not accepted.
        why: Unasked,
    },
    /// The user said no.
    #[error("Host key verification failed.")]
    Declined,
    /// The files could not be read.
    #[error("{0}\nHost key verification failed.")]
    Files(#[from] KnownHostsError),
}

/// Why an unknown key was refused without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// The user wants only keys that are known.
    Strict,
    /// There is no terminal, or `BatchMode` is on.
    Nobody,
}

impl Unasked {
    fn words(self) -> &'static str {
        match self {
            Self::Strict => "you have requested strict checking",
            Self::Nobody => "there is nobody to ask",
        }
    }
}

/// Whether the user was asked, which takes longer than a server waits for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// At once: the connection can go on.
    AtOnce,
    /// The user was asked and said yes.
    ByAsking,
}

/// Decides whether `server` with `key` is trusted, asking and remembering as `strict` says.
///
/// # Errors
/// When it is not. No byte may then go to the server.
pub(crate) fn settle(
    server: &Server,
    key: &HostKey,
    known: &KnownHosts,
    strict: StrictHostKeyChecking,
    console: &mut dyn Console,
) -> Result<Settled, Untrusted> {
    let name = server.name.clone();
    let others = match known.standing(&name, key)? {
        Standing::Known => return Ok(Settled::AtOnce),
        Standing::Changed(place) => {
            return Err(Untrusted::Changed { name, key: *key, place });
        }
        Standing::Revoked(place) => return Err(Untrusted::Revoked { name, place }),
        Standing::Unknown { others } => others,
    };
    let settled = match strict {
        StrictHostKeyChecking::Yes => {
            return Err(Untrusted::Unknown { name, key: *key, why: Unasked::Strict });
        }
        StrictHostKeyChecking::AcceptNew | StrictHostKeyChecking::No => Settled::AtOnce,
        StrictHostKeyChecking::Ask => match confirmed(server, key, &others, console) {
            Some(Answer::Yes) => Settled::ByAsking,
            Some(Answer::No) => return Err(Untrusted::Declined),
            None => {
                return Err(Untrusted::Unknown { name, key: *key, why: Unasked::Nobody });
            }
        },
    };
    let said = match known.add(&name, key) {
        Ok(()) => {
            format!("Warning: Permanently added '{name}' (ED25519) to the list of known hosts.")
        }
        // As ssh: what cannot be remembered is asked again next time.
        Err(error) => format!("Failed to add the host to the list of known hosts: {error}."),
    };
    console.say(&said);
    Ok(settled)
}

enum Answer {
    Yes,
    No,
}

/// Asks until there is an answer; `None` where there is nobody to give one.
fn confirmed(
    server: &Server,
    key: &HostKey,
    others: &[(Place, String)],
    console: &mut dyn Console,
) -> Option<Answer> {
    let Server { name, address } = server;
    let fingerprint = key.fingerprint();
    let shown = if name == address { name.clone() } else { format!("{name} ({address})") };
    let mut prompt = format!(
        "The authenticity of host '{shown}' can't be established.\n\
         ED25519 key fingerprint is {fingerprint}.\n"
    );
    if others.is_empty() {
        prompt += "This key is not known by any other names.\n";
    } else {
        prompt += "This host key is known by the following other names/addresses:\n";
        for (place, names) in others {
            prompt += &format!("    {}:{}: {names}\n", place.file.display(), place.line);
        }
    }
    prompt += "Are you sure you want to continue connecting (yes/no/[fingerprint])? ";
    loop {
        let answer = console.ask(&prompt).ok().flatten()?;
        match answer.trim() {
            "" => return Some(Answer::No),
            word if word.eq_ignore_ascii_case("no") => return Some(Answer::No),
            word if word.eq_ignore_ascii_case("yes") || word == fingerprint => {
                return Some(Answer::Yes);
            }
            _ => "Please type 'yes', 'no' or the fingerprint: ".clone_into(&mut prompt),
        }
    }
}

const RULE: &str = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";

fn changed_words(name: &str, key: &HostKey, place: &Place) -> String {
    let fingerprint = key.fingerprint();
    let Place { file, line } = place;
    let file = file.display();
    format!(
        "{RULE}\n\
         @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n\
         {RULE}\n\
         IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\n\
         Someone could be eavesdropping on you right now (man-in-the-middle attack)!\n\
         It is also possible that a host key has just been changed.\n\
         The fingerprint for the ED25519 key sent by the remote host is\n\
         {fingerprint}.\n\
         Please contact your system administrator.\n\
         Add correct host key in {file} to get rid of this message.\n\
         Offending ED25519 key in {file}:{line}\n  \
           remove with:\n  \
           ssh-keygen -f '{file}' -R '{name}'\n\
         Host key for {name} has changed, and no login is begun with a changed key.\n\
         Host key verification failed."
    )
}

fn revoked_words(name: &str, place: &Place) -> String {
    let Place { file, line } = place;
    let file = file.display();
    format!(
        "{RULE}\n\
         @       WARNING: REVOKED HOST KEY DETECTED!               @\n\
         {RULE}\n\
         The ED25519 host key for {name} is marked as revoked in {file}:{line}.\n\
         This could mean that a stolen key is being used to impersonate this host.\n\
         Host key verification failed."
    )
}

#[cfg(test)]
mod tests;
