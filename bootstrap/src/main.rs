//! `omnigate`: the one binary. Everything it does stands in the library.

use std::process::ExitCode;

/// Many small allocations from many threads: with the system's allocator they cost a fifth of the processor time of a busy gateway.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    omnigate::command::main()
}
