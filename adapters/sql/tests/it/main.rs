//! The store on real databases: the contract of the ports, and what only a database can get wrong.

mod ports_of;
mod postgres;
mod servers;
mod sqlite;
