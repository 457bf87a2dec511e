//! Encryption, by rustls: whom to trust, and who we are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

use super::error::plain;
use super::{Address, NetError, TlsProblem};

/// What was asked of the encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificates of the authorities to trust, PEM; the system's where neither this nor `ca_dir` is.
    pub ca_file: Option<PathBuf>,
    /// A folder of such files.
    pub ca_dir: Option<PathBuf>,
    /// Our own certificate and its chain, PEM.
    pub client_cert: Option<PathBuf>,
    /// The key of that certificate, PEM.
    pub client_key: Option<PathBuf>,
    /// The name to ask for and to find in the certificate; the host where this is `None`.
    pub server_name: Option<String>,
    /// Trust anyone.
    pub insecure: bool,
}

/// Encryption, ready for any number of connections. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files that are named.
    ///
    /// # Errors
    /// [`NetError::TlsFile`] names the file that is of no use; [`NetError::NoTrustedRoots`] if none is
    /// named and the system has none; [`NetError::ServerName`] if no certificate can have the name.
    pub fn new(options: TlsOptions) -> Result<Self, NetError> {
        let provider = Arc::new(ring::default_provider());
        let wrong_provider = |error: rustls::Error| NetError::NoTrustedRoots(error.to_string());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(wrong_provider)?;
        let builder = if options.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnyone(provider)))
        } else {
            builder.with_root_certificates(roots(options.ca_file, options.ca_dir)?)
        };
        let config = match (options.client_cert, options.client_key) {
            (Some(cert_path), Some(key_path)) => {
                let chain = certificates(&cert_path)?;
                let key = PrivateKeyDer::from_pem_file(&key_path).map_err(|e| of_no_use(&key_path, e))?;
                builder.with_client_auth_cert(chain, key).map_err(|e| of_no_use(&cert_path, e))?
            }
            (None, None) => builder.with_no_client_auth(),
            (Some(path), None) | (None, Some(path)) => {
                return Err(of_no_use(&path, "a certificate and its key go together"));
            }
        };
        let server_name = options.server_name.map(server_name).transpose()?;
        Ok(Self { config: Arc::new(config), server_name })
    }

    pub(super) async fn connect(
        &self,
        address: &Address,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, NetError> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => server_name(host.into())?,
        };
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(name, stream).await.map_err(|cause| {
            let problem = match cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(error) => TlsProblem::from(error),
                None => TlsProblem::Closed(cause),
            };
            NetError::Tls { address: address.clone(), problem }
        })
    }
}

/// Why a file is of no use, and which.
fn of_no_use(path: &Path, problem: impl fmt::Display) -> NetError {
    NetError::TlsFile { path: path.into(), problem: plain(&problem) }
}

fn server_name(name: String) -> Result<ServerName<'static>, NetError> {
    ServerName::try_from(name.clone()).map_err(|_| NetError::ServerName(name))
}

/// The certificates in a PEM file: one or more.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(of_no_use(path, "there is no PEM certificate in it")),
        Ok(found) => Ok(found),
        Err(pem::Error::Io(cause)) => Err(of_no_use(path, cause)),
        Err(cause) => Err(of_no_use(path, cause)),
    }
}

/// Whom to trust: those in the file and the folder, or the system's where neither is named.
fn roots(file: Option<PathBuf>, folder: Option<PathBuf>) -> Result<RootCertStore, NetError> {
    let mut roots = RootCertStore::empty();
    if file.is_none() && folder.is_none() {
        let system = rustls_native_certs::load_native_certs();
        if roots.add_parsable_certificates(system.certs).0 == 0 {
            let why = system.errors.first().map_or("none were found".into(), ToString::to_string);
            return Err(NetError::NoTrustedRoots(why));
        }
    }
    if let Some(path) = file {
        for certificate in certificates(&path)? {
            roots.add(certificate).map_err(|e| of_no_use(&path, e))?;
        }
    }
    if let Some(path) = folder {
        let before = roots.len();
        for entry in path.read_dir().map_err(|e| of_no_use(&path, e))? {
            let file = entry.map_err(|e| of_no_use(&path, e))?.path();
            // A folder of authorities holds other files too: only that none will do is an error.
            roots.add_parsable_certificates(certificates(&file).unwrap_or_default());
        }
        if roots.len() == before {
            return Err(of_no_use(&path, "there is no file with a PEM certificate in it"));
        }
    }
    Ok(roots)
}

/// Takes any certificate. Signatures are not looked at either: that of a key which nobody vouches for
/// proves nothing.
#[derive(Debug)]
struct TrustAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
