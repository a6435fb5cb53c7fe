//! Ports: what the world may ask of the gateway ([`driving`]) and what the gateway needs of the world ([`driven`]).
//!
//! Traits only, in the domain's words. Each says what is durable, in which order, whether it may be repeated, and how it fails.
pub mod driven;
pub mod driving;
