//! What every operator link has in common: a windowed session, its driver, and the link made of several of them.
//!
//! [`Session`] is sans-IO, in the style of quinn-proto: frames and time go in, octets and events come out; it never
//! waits, never reads a clock and never touches a socket. A [`Dialect`] says only what differs between SMPP, UCP and
//! CIMD2; what is no windowed session implements [`Conversation`] by itself. The driver moves octets between one session and one connection; [`OperatorLink`] implements
//! `ports::driven::Link` with hosts (failover), several sessions, four priority classes, a rate and a watchdog.

mod backoff;
mod choice;
mod conversation;
mod dialect;
mod driver;
mod event;
mod full;
mod jobs;
mod link;
mod logins;
mod meters;
mod options;
mod order;
mod pace;
mod queue;
mod said;
mod session;
mod shared;
mod slot;
mod window;
mod withdraw;
mod work;

pub use backoff::Backoff;
pub use choice::Leave;
pub use conversation::Conversation;
pub use dialect::{Answer, BadStream, BindRefusal, Dialect, Now, Received, Role, Verdict};
pub use event::{Closed, Counts, Event};
pub use link::{OperatorLink, Surroundings};
pub use meters::Meters;
pub use options::{Connection, Dial, LinkOptions, OnDemand, SessionLimits, rotated};
pub use pace::Pace;
pub use queue::Queues;
pub use said::{Said, Utterance};
pub use session::Session;
pub use window::Window;
