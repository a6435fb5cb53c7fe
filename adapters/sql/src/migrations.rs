//! What the three databases' migrations have in common.

use crate::error::Fault;
use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::EmbeddedMigrations;

/// An error of the migrations.
pub(crate) fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Lost(format!("migrations: {error}"))
}

/// The versions this program knows.
pub(crate) fn versions<DB: Backend>(known: &EmbeddedMigrations) -> Result<Vec<String>, Fault> {
    let all: Vec<Box<dyn Migration<DB>>> = MigrationSource::<DB>::migrations(known).map_err(failed)?;
    Ok(all.iter().map(|m| m.name().version().to_string()).collect())
}

/// Refuses a store that a newer program has changed.
pub(crate) fn not_newer(applied: &[MigrationVersion<'_>], known: &[String]) -> Result<(), Fault> {
    match applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        None => Ok(()),
        Some(version) => Err(Fault::Lost(format!(
            "the store was made by a newer version of this program (migration {version})"
        ))),
    }
}
