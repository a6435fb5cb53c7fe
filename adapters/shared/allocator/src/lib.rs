//! The allocator of a program that names this crate.
//!
//! Many small allocations from many threads: with the system's allocator they cost a fifth of the processor time of a busy gateway. It is a crate of its
//! own because the way into the allocator is compiled where it is declared, and the wiring is not optimised (docs/adr/0019).

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
