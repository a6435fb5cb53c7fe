//! TLS towards the server. `sslmode=require` demands that its certificate is known to this machine; `prefer`, which is what a URL
//! without a word means, takes any: a server as its package installs it has made its own, and without asking, TLS is still better
//! than none.

use net::tls::{TlsClient, TlsError, install_provider};
use tokio_postgres::config::SslMode;

/// What a client of this mode asks for.
pub(super) fn client(mode: SslMode) -> Result<TlsClient, TlsError> {
    install_provider();
    match mode {
        SslMode::Prefer => TlsClient::unchecked(),
        _ => TlsClient::platform(),
    }
}
