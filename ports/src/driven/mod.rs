//! What the gateway needs. Adapters implement these; the application calls them.

mod clock;
mod cluster;
mod deadlines;
mod directory;
mod dispatch;
mod handoff;
mod inbox;
mod link;
mod notice;
mod outbox;
mod passwords;
mod quarantine;
mod recalls;
mod receipts;
mod reports;
mod store;
mod stores;
mod traffic;

pub use clock::*;
pub use cluster::*;
pub use deadlines::*;
pub use directory::*;
pub use dispatch::*;
pub use handoff::*;
pub use inbox::*;
pub use link::*;
pub use notice::*;
pub use outbox::*;
pub use passwords::*;
pub use quarantine::*;
pub use recalls::*;
pub use receipts::*;
pub use reports::*;
pub use store::*;
pub use stores::*;
pub use traffic::*;
