//! The accept loop of an HTTP door, over hyper-util.
//!
//! Plain ports speak HTTP/1.1 alone: sniffing for HTTP/2 would wait for a silent client without a clock. TLS ports speak what
//! the handshake agreed on.
//!
//! What it returns is boxed here and not generic: an `async fn` is compiled again in every crate that awaits it, as that crate is
//! optimised, and this one would take hyper's whole connection with it into the crate of the wiring.

use crate::front::Front;
use crate::limits::Limits;
use crate::watched::{Activity, Watched};
use axum::Router;
use futures_util::future::BoxFuture;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use net::{Incoming, Listener};
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What `ListenOptions::full_notice` should say at an HTTP door.
pub const FULL_NOTICE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Serves until `shutdown` is done; then takes no more connections, lets requests finish within the limits' grace, and closes.
///
/// # Errors
/// When the listener is of no use any more.
pub fn serve(
    listener: Listener,
    app: Router,
    limits: Limits,
    shutdown: BoxFuture<'static, ()>,
) -> BoxFuture<'static, io::Result<()>> {
    Box::pin(accept(listener, app, limits, shutdown))
}

async fn accept(
    listener: Listener,
    app: Router,
    limits: Limits,
    mut shutdown: BoxFuture<'static, ()>,
) -> io::Result<()> {
    let grace = limits.grace;
    let front = Arc::new(Front::new(app, limits));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let result = loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break Ok(()),
            incoming = listener.accept() => match incoming {
                Ok(incoming) => {
                    // Bounded by the listener's places; what has ended is cleared away as it goes.
                    while connections.try_join_next().is_some() {}
                    connections.spawn(connection(incoming, Arc::clone(&front), graceful.watcher()));
                }
                Err(error) => break Err(error),
            },
        }
    };
    drop(listener);
    let _ = tokio::time::timeout(grace, graceful.shutdown()).await;
    connections.shutdown().await;
    result
}

async fn connection(incoming: Incoming, front: Arc<Front>, watcher: Watcher) {
    let Incoming { mut stream, peer } = incoming;
    if let Err(error) = stream.handshake().await {
        tracing::debug!(door = front.limits().name, peer = %peer.ip(), %error, "TLS handshake failed");
        return;
    }
    let tls = stream.is_tls();
    let multiplexed = stream.alpn() == Some(b"h2");
    let activity = Arc::new(Activity::default());
    let place = stream.place();
    let io = TokioIo::new(Watched::new(stream, front.limits(), multiplexed, Arc::clone(&activity), place));
    let limits = front.limits().clone();
    // Begun here and not in the answer's first step: with HTTP/2 that is a task of its own, and the connection looks idle until it runs.
    let service =
        service_fn(move |request| Arc::clone(&front).answer(peer.ip(), tls, activity.begin(), request));
    let ended = if multiplexed {
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder
            .max_concurrent_streams(100)
            .max_pending_accept_reset_streams(20)
            .max_local_error_reset_streams(50);
        builder.max_header_list_size(u32::try_from(limits.header_octets).unwrap_or(u32::MAX));
        watcher.watch(builder.serve_connection(io, service)).await
    } else {
        let mut builder = hyper::server::conn::http1::Builder::new();
        // `Watched` has the clocks. The read buffer is what limits a header (hyper's `max_header_size` means trailers). Never
        // `pipeline_flush`: with it a body that is always ready grows in memory while its reader dawdles.
        // A caller who has said all he has to say may close his side and wait (`socat`, simple scripts and devices): what was
        // accepted is answered.
        builder.header_read_timeout(None).half_close(true);
        builder.max_buf_size(limits.header_octets.max(8192)).max_headers(limits.header_fields);
        watcher.watch(builder.serve_connection(io, service)).await
    };
    if let Err(error) = ended {
        tracing::debug!(door = limits.name, peer = %peer.ip(), %error, "connection ended");
    }
}
