//! The commands as people run them: the binary itself, its exit codes and what it prints.

mod commands;
mod demo;
mod languages;
mod run;
#[cfg(unix)]
mod serve;
