//! What the three databases' migrations have in common.

use crate::error::Fault;
use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::EmbeddedMigrations;
use ports::driven::StoreError;

/// An error of the migrations.
pub fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Lost(format!("migrations: {error}"))
}

/// The versions this program knows.
pub fn versions<DB: Backend>(known: &EmbeddedMigrations) -> Result<Vec<String>, Fault> {
    let all: Vec<Box<dyn Migration<DB>>> = MigrationSource::<DB>::migrations(known).map_err(failed)?;
    Ok(all.iter().map(|m| m.name().version().to_string()).collect())
}

/// Refuses a store that a newer program has changed.
pub fn not_newer(applied: &[MigrationVersion<'_>], known: &[String]) -> Result<(), Fault> {
    match applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        None => Ok(()),
        Some(version) => Err(Fault::Lost(format!(
            "the store was made by a newer version of this program (migration {version})"
        ))),
    }
}

/// Refuses to change a store that lacks migrations: whoever changes something small beside others must not change their tables.
pub fn up_to_date(pending: usize) -> Result<(), StoreError> {
    match pending {
        0 => Ok(()),
        _ => Err(StoreError::Unavailable(
            "the tables are not up to date: start the server or run omnigate migrate".to_owned(),
        )),
    }
}
