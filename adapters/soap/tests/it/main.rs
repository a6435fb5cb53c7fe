//! The web service from outside: envelopes in, calls of the ports, envelopes out.

mod attacks;
mod faults;
mod login;
mod operations;
mod parlayx;
mod stage;
mod web;
