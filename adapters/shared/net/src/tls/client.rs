//! Whose certificates we believe when we call somebody: the system's authorities, one's own, or (loudly) anybody's.

use super::{TlsError, server::roots, settings};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::ConfigVerifierExt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};

/// TLS towards somebody we call. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
}

impl TlsClient {
    /// Believes the authorities of the system.
    ///
    /// # Errors
    /// [`TlsError::Settings`] when the system has none.
    pub fn platform() -> Result<Self, TlsError> {
        Ok(Self::with(ClientConfig::with_platform_verifier().map_err(settings)?))
    }

    /// Believes the authorities in a PEM file and no other.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn with_ca_file(path: &Path) -> Result<Self, TlsError> {
        let config = ClientConfig::builder().with_root_certificates(roots(path)?);
        Ok(Self::with(config.with_no_client_auth()))
    }

    /// Believes anybody: hidden from eavesdroppers, open to impostors. For old equipment in a closed net.
    ///
    /// # Errors
    /// [`TlsError::Settings`] when no provider is installed.
    pub fn insecure() -> Result<Self, TlsError> {
        tracing::warn!("TLS certificates of the other side are not checked");
        Self::unchecked()
    }

    /// As [`TlsClient::insecure`], without a word in the log: where nobody has asked for more, TLS is still better than none.
    ///
    /// # Errors
    /// [`TlsError::Settings`] when no provider is installed.
    pub fn unchecked() -> Result<Self, TlsError> {
        let provider = CryptoProvider::get_default().cloned();
        let provider = provider.ok_or_else(|| settings("no TLS provider is installed"))?;
        let config =
            ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)));
        Ok(Self::with(config.with_no_client_auth()))
    }

    /// Expects this name in the certificate instead of the host's.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// The settings, for a client that does its own connecting.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    fn with(config: ClientConfig) -> Self {
        Self { config: Arc::new(config), server_name: None }
    }

    pub(crate) async fn connect(&self, host: &str, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = self.server_name.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(name).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
        TlsConnector::from(Arc::clone(&self.config)).connect(name, tcp).await.map(Into::into)
    }
}

/// Takes every certificate, and still checks that the other side has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
