//! `omnigate`: the one binary. Everything it does stands in the library.

use allocator as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    omnigate::command::main()
}
