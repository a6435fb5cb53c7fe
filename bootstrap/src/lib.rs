//! Bootstrap: configuration, wiring, life cycle and commands of the one binary `omnigate`.

pub mod codec;
pub mod config;
