//! Bytes to and from a daemon: plain, local or encrypted.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::hello::{ALPN, EXPORTER_LABEL, PLAIN_BINDING};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use socket2::{Domain, Socket, Type};

use super::PATIENCE;

/// Bytes in front of an Ed25519 key where TLS shows one (RFC 8410, section 4).
const SPKI_PREFIX_BYTES: usize = 12;

/// A connection as bytes.
pub(crate) enum Link {
    Plain(TcpStream),
    Unix(UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Link {
    pub(crate) fn plain(address: SocketAddr) -> io::Result<Self> {
        Ok(Self::Plain(connect(address)?))
    }

    /// The same from another address of this machine: all of 127.0.0.0/8 is there.
    pub(crate) fn plain_from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        Ok(Self::Plain(ready(socket.into())?))
    }

    pub(crate) fn unix(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::Unix(stream))
    }

    /// Connects and shakes hands, as a client of ours does.
    pub(crate) fn tls(address: SocketAddr) -> io::Result<Self> {
        Self::handshake(address, tls_config(&[ALPN]))
    }

    /// Connects and tries to shake hands in this way.
    pub(crate) fn handshake(address: SocketAddr, config: ClientConfig) -> io::Result<Self> {
        let mut tcp = connect(address)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("parlor").unwrap();
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(tls, tcp))))
    }

    /// Says that nothing more will be said, and goes on listening.
    pub(crate) fn shutdown_write(&self) {
        // The daemon may have closed already.
        let _closed = match self {
            Self::Plain(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Tls(tls) => tls.sock.shutdown(Shutdown::Write),
        };
    }

    /// Says goodbye in TLS's own words, and sends these bytes behind it.
    pub(crate) fn say_goodbye_and(&mut self, more: &[u8]) {
        let Self::Tls(tls) = self else { panic!("only TLS has a goodbye") };
        tls.conn.send_close_notify();
        while tls.conn.wants_write() {
            tls.conn.write_tls(&mut tls.sock).unwrap();
        }
        tls.sock.write_all(more).unwrap();
    }

    /// The same plain connection again, for another thread to write to.
    pub(crate) fn plain_writer(&self) -> TcpStream {
        let Self::Plain(stream) = self else { panic!("only plain connections are shared") };
        stream.try_clone().unwrap()
    }

    /// What logins over this connection are tied to.
    pub(crate) fn binding(&self) -> Vec<u8> {
        match self {
            Self::Plain(_) | Self::Unix(_) => PLAIN_BINDING.to_vec(),
            Self::Tls(tls) => {
                tls.conn.export_keying_material([0; 32], EXPORTER_LABEL, None).unwrap().to_vec()
            }
        }
    }

    /// The Ed25519 key that the daemon showed.
    pub(crate) fn host_key(&self) -> [u8; 32] {
        let Self::Tls(tls) = self else { panic!("only TLS shows a key") };
        let shown = tls.conn.peer_certificates().unwrap()[0].as_ref();
        shown[SPKI_PREFIX_BYTES..].try_into().unwrap()
    }

    pub(crate) fn set_read_timeout(&self, patience: Duration) {
        // Zero would mean to wait for ever.
        let patience = Some(patience.max(Duration::from_millis(1)));
        match self {
            Self::Plain(stream) => stream.set_read_timeout(patience),
            Self::Unix(stream) => stream.set_read_timeout(patience),
            Self::Tls(tls) => tls.sock.set_read_timeout(patience),
        }
        .unwrap();
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    ready(TcpStream::connect_timeout(&address, PATIENCE)?)
}

fn ready(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}

/// TLS 1.3 to whoever holds the raw key that they show, offering these protocols.
pub(crate) fn tls_config(protocols: &[&[u8]]) -> ClientConfig {
    let provider = ring::default_provider();
    let verifier = AnyRawKey(provider.signature_verification_algorithms);
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config.resumption = Resumption::disabled();
    config
}

#[derive(Debug)]
struct AnyRawKey(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyRawKey {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        panic!("a signature of TLS 1.2 in TLS 1.3");
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let key = SubjectPublicKeyInfoDer::from(certificate.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
