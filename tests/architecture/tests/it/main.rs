//! The house rules of DESIGN 1, 3, 8 and 9 as tests, in one binary.

mod arrows;
mod bounded;
mod docs;
mod files;
mod migrations;
