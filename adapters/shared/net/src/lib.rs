//! Sockets for every door and link: listening with access lists, caps and TLS; connecting with time limits and TLS.
//!
//! It never reads or writes an octet of anybody's protocol (but for one notice to a caller it has no place for),
//! and it waits for nothing without a limit. TLS is rustls with the ring provider.

mod connect;
mod current;
mod door;
mod listen;
mod places;
mod socket;
mod stream;
pub mod tls;

pub use connect::{ConnectOptions, connect};
pub use current::Current;
pub use door::OpenDoor;
pub use listen::{Incoming, ListenOptions, Listener};
pub use places::Place;
pub use stream::Stream;
