//! How a store fails.

use domain::Words;

/// Why a store did not do it. Nothing of the call was stored, unless [`StoreError::Unavailable`] says that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Its queue is full: try again soon. HTTP 503, SMTP 452, SNPP 554, a temporary error to an SMSC.
    #[error("the store is busy")]
    Busy,
    /// The disk is full: reading goes on; try again when somebody has made room.
    #[error("the disk is full")]
    Full,
    /// The database cannot be reached, is locked or shutting down. When the connection broke during a commit it is not known whether
    /// it took place.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Another process has the store, which one at a time may have: who that is, and what to do.
    #[error("{0}")]
    InUse(String),
    /// Writing or syncing failed: nothing this process says about the disk can be trusted. It must stop and start again.
    #[error("the disk failed: {0}")]
    Broken(String),
    /// The idempotency key was used with another request.
    #[error("the key was used with another request")]
    KeyReused,
    /// This very content cannot be stored; others can.
    #[error("not storable: {0}")]
    Data(String),
}

impl StoreError {
    /// The same for people.
    #[must_use]
    pub fn words(&self) -> Words {
        let swedish = match self {
            Self::Busy => "lagret är upptaget".to_owned(),
            Self::Full => "disken är full".to_owned(),
            Self::Unavailable(why) => format!("databasen går inte att nå: {why}"),
            Self::InUse(why) => format!("lagret används av en annan process: {why}"),
            Self::Broken(why) => format!("disken har fallerat: {why}"),
            Self::KeyReused => "nyckeln användes till en annan begäran".to_owned(),
            Self::Data(why) => format!("går inte att lagra: {why}"),
        };
        Words::new(swedish, self.to_string())
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::KeyReused | Self::Data(_))
    }
}
