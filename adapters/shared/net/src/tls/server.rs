//! A door's certificate: from files that may be read anew while the door is open, or self-made for trying things out.

use super::{TlsError, settings};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// Where a door's certificate lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those above it, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM (PKCS 8, PKCS 1 or SEC 1).
    pub key: PathBuf,
    /// Callers must show a certificate of one of these authorities, PEM; `None` = they need none.
    pub client_ca: Option<PathBuf>,
}

/// A door's TLS. Clones share it: [`TlsServer::reload`] changes all of them.
#[derive(Debug, Clone)]
pub struct TlsServer {
    files: Option<Arc<TlsFiles>>,
    alpn: Vec<Vec<u8>>,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl TlsServer {
    /// Reads certificate and key. `alpn`: protocols offered, the best first; empty = none.
    ///
    /// # Errors
    /// [`TlsError`] naming the file.
    pub fn from_pem_files(files: TlsFiles, alpn: &[&[u8]]) -> Result<Self, TlsError> {
        let alpn = owned(alpn);
        let config = read(&files, &alpn)?;
        Ok(Self { files: Some(Arc::new(files)), alpn, config: Arc::new(RwLock::new(Arc::new(config))) })
    }

    /// A certificate made on the spot for these names, which nobody should trust: its subject says so.
    ///
    /// # Errors
    /// [`TlsError::Settings`] when a name cannot stand in a certificate.
    pub fn self_signed(names: &[&str], alpn: &[&[u8]]) -> Result<Self, TlsError> {
        let alpn = owned(alpn);
        let (certificate, key) = make(names)?;
        tracing::warn!("using a self-made TLS certificate: callers cannot know who they speak to");
        let config = ServerConfig::builder().with_no_client_auth();
        let mut config = config.with_single_cert(vec![certificate], key).map_err(settings)?;
        config.alpn_protocols.clone_from(&alpn);
        Ok(Self { files: None, alpn, config: Arc::new(RwLock::new(Arc::new(config))) })
    }

    /// Reads the files again; connections from now on get the new certificate. After an error the old one stays.
    ///
    /// # Errors
    /// [`TlsError`] naming the file.
    pub fn reload(&self) -> Result<(), TlsError> {
        if let Some(files) = &self.files {
            let config = Arc::new(read(files, &self.alpn)?);
            *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        }
        Ok(())
    }

    pub(crate) fn accept(&self, tcp: TcpStream) -> Accept<TcpStream> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(tcp)
    }
}

fn owned(alpn: &[&[u8]]) -> Vec<Vec<u8>> {
    alpn.iter().map(|name| name.to_vec()).collect()
}

fn read(files: &TlsFiles, alpn: &[Vec<u8>]) -> Result<ServerConfig, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| unreadable(&files.key, e))?;
    let builder = match &files.client_ca {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots(path)?)).build().map_err(settings)?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(settings)?;
    config.alpn_protocols = alpn.to_vec();
    Ok(config)
}

/// The authorities in a PEM file, at least one.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|e| unreadable(path, e))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_file_iter(path).map_err(|e| unreadable(path, e))?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(|e| unreadable(path, e))?;
    if all.is_empty() { Err(unreadable(path, "no certificate in it")) } else { Ok(all) }
}

fn unreadable(path: &Path, detail: impl std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), detail: detail.to_string() }
}

fn make(names: &[&str]) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = rcgen::CertificateParams::new(names).map_err(settings)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "Omnigate self-made certificate, do not trust");
    let key = rcgen::KeyPair::generate().map_err(settings)?;
    let certificate = params.self_signed(&key).map_err(settings)?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}
