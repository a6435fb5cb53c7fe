//! The use cases: gather, decide, apply. Implements the driving ports and calls the driven ones.
//!
//! No rule stands here (rules are the domain's) and no protocol or database (those are adapters). What does stand here: which port is asked in
//! which order, what is durable before who is answered, and the tasks that keep things moving.

mod access;
mod administer;
mod alarms;
mod astray;
mod brake;
mod directory;
mod dispatch;
mod elsewhere;
pub mod failpoints;
mod fatal;
mod gateway;
mod handoff;
mod heartbeat;
mod housekeeping;
mod jumps;
mod known;
mod lanes;
mod meters;
mod moving;
mod neighbours;
mod observe;
mod orphans;
mod poison;
mod pulse;
mod query;
mod recall;
mod receive;
mod replies;
mod search;
mod senders;
mod settling;
mod shares;
mod ship;
mod storekeeper;
mod stuck;
mod submit;
mod subscribe;
mod supervise;
mod takeover;
mod target;
mod targets;
mod tenure;
mod turns;
mod turnstile;
mod unabandoned;
mod untold;
mod vigil;
mod ways;
mod withdrawals;
mod world;

pub use directory::{CurrentDirectory, Installation};
pub use fatal::Fatal;
pub use gateway::Gateway;
pub use recall::{Answered, NotTakenBack, TakeBack, obstacles};
pub use world::{Settings, World};
