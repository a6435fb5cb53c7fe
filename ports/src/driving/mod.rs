//! What the world may ask. The application implements these; doors and links call them.

mod access;
mod administer;
mod observe;
mod query;
mod receive;
mod submit;
mod subscribe;

pub use access::*;
pub use administer::*;
pub use observe::*;
pub use query::*;
pub use receive::*;
pub use submit::*;
pub use subscribe::*;
