//! Bootstrap: configuration, wiring, life cycle and commands of the one binary `omnigate`.

pub mod cli;
pub mod clock;
pub mod codec;
pub mod command;
pub mod config;
pub mod doors;
pub mod ids;
pub mod lifecycle;
pub mod platform;
pub mod restart;
pub mod swedish;
pub mod telemetry;
pub mod threads;
pub mod usage;
pub mod wire;
