//! The store on real databases: the contract of the ports, and what only a database can get wrong.

#![allow(clippy::panic, reason = "a test tells by panicking what it was missing")]

mod faults;
mod mysql;
mod outage;
mod ports_of;
mod postgres;
mod servers;
mod sqlite;
mod stuck;
mod wire;

/// How many migrations there are, for each database.
const MIGRATIONS: usize = 9;
