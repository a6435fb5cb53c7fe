//! What a database's error means for the callers of a store. Never decides what to do about it.

use diesel::result::{DatabaseErrorKind, Error};
use ports::driven::StoreError;

/// What kind of trouble it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Something in the data: another row may do.
    Data(String),
    /// Another transaction was in the way: the same again may do.
    Conflict(String),
    /// No connection, or one that cannot be used any more.
    Lost(String),
    /// A server answered, in words that say nothing here: it speaks its own language, and drivers keep its codes to themselves. If the
    /// connection still works, the same again or each by itself may do.
    Odd(String),
    /// No room on the disk.
    Full,
    /// The disk cannot be trusted any more.
    Broken(String),
}

/// What a text means.
type Meaning = fn(String) -> Fault;

/// Texts of the three databases, in lower case, and what they mean. The first that fits counts. Only SQLite's disk is ours to
/// distrust: what a server says of its own (and drivers say of sockets: `Input/output error`) is no reason to.
const TEXTS: &[(&str, Meaning)] = &[
    ("disk is full", |_| Fault::Full),
    ("no space left", |_| Fault::Full),
    ("could not extend file", |_| Fault::Full),
    ("is full", |_| Fault::Full),
    ("disk i/o error", Fault::Broken),
    ("database disk image is malformed", Fault::Broken),
    ("file is not a database", Fault::Broken),
    ("deadlock", Fault::Conflict),
    ("lock wait timeout", Fault::Conflict),
    ("lock timeout", Fault::Conflict),
    ("could not serialize", Fault::Conflict),
    ("record has changed since last read", Fault::Conflict),
    ("database is locked", Fault::Conflict),
    ("busy", Fault::Conflict),
    ("too big", Fault::Data),
    ("too long", Fault::Data),
    ("out of range", Fault::Data),
    ("invalid byte sequence", Fault::Data),
    ("incorrect string value", Fault::Data),
    ("duplicate", Fault::Data),
    ("statement timeout", Fault::Lost),
    ("max_statement_time", Fault::Lost),
    ("terminating connection", Fault::Lost),
];

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, info) => of_database(&kind, info.message()),
            Error::SerializationError(e) | Error::DeserializationError(e) => Self::Data(e.to_string()),
            Error::InvalidCString(e) => Self::Data(e.to_string()),
            other => Self::Lost(other.to_string()),
        }
    }
}

fn of_database(kind: &DatabaseErrorKind, message: &str) -> Fault {
    let lower = message.to_lowercase();
    if let Some((_, fault)) = TEXTS.iter().find(|(text, _)| lower.contains(text)) {
        return fault(message.to_owned());
    }
    match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::ExclusionViolation
        | DatabaseErrorKind::RestrictViolation => Fault::Data(message.to_owned()),
        DatabaseErrorKind::SerializationFailure => Fault::Conflict(message.to_owned()),
        DatabaseErrorKind::Unknown => Fault::Odd(message.to_owned()),
        _ => Fault::Lost(message.to_owned()),
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Data(text) => Self::Data(text),
            Fault::Conflict(text) | Fault::Lost(text) | Fault::Odd(text) => Self::Unavailable(text),
            Fault::Full => Self::Full,
            Fault::Broken(text) => Self::Broken(text),
        }
    }
}

/// The error of a call that only reads.
pub fn of_reading(error: Error) -> StoreError {
    Fault::from(error).into()
}

/// A row that says what the domain does not know.
pub fn unreadable(what: &str, text: impl std::fmt::Display) -> Error {
    Error::DeserializationError(format!("{what} in the store cannot be read: {text}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_understood() {
        let cases = [
            ("database or disk is full", Fault::Full),
            ("The table 'message' is full", Fault::Full),
            ("disk I/O error", Fault::Broken("disk I/O error".into())),
            ("database disk image is malformed", Fault::Broken("database disk image is malformed".into())),
            (
                "Deadlock found when trying to get lock",
                Fault::Conflict("Deadlock found when trying to get lock".into()),
            ),
            (
                "canceling statement due to lock timeout",
                Fault::Conflict("canceling statement due to lock timeout".into()),
            ),
            (
                "canceling statement due to statement timeout",
                Fault::Lost("canceling statement due to statement timeout".into()),
            ),
            ("string or blob too big", Fault::Data("string or blob too big".into())),
            ("terminating connection", Fault::Lost("terminating connection".into())),
            ("Input/output error: broken pipe", Fault::Odd("Input/output error: broken pipe".into())),
            ("deadlock upptäckt", Fault::Conflict("deadlock upptäckt".into())),
            (
                "avbryter sats på grund av lås-timeout",
                Fault::Odd("avbryter sats på grund av lås-timeout".into()),
            ),
        ];
        for (text, fault) in cases {
            let error = Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()));
            assert_eq!(Fault::from(error), fault, "{text}");
        }
        let twice = Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation,
            Box::new("UNIQUE constraint failed".to_owned()),
        );
        assert_eq!(Fault::from(twice), Fault::Data("UNIQUE constraint failed".into()));
    }
}
