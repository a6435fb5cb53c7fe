//! TLS 1.2 and 1.3 by rustls with the ring provider, for doors ([`TlsServer`]) and for what we call ([`TlsClient`]).

mod client;
mod server;

pub use client::TlsClient;
pub use server::{TlsFiles, TlsServer};

use std::path::PathBuf;

/// TLS that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read as PEM.
    #[error("{path}: {detail}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Certificate, key and settings that do not go together.
    #[error("TLS settings: {0}")]
    Settings(String),
}

/// Makes ring the process's provider. First thing in `main` and in tests that use TLS; again is fine.
pub fn install_provider() {
    // Fails only when there is one already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn settings(error: impl std::fmt::Display) -> TlsError {
    TlsError::Settings(error.to_string())
}
