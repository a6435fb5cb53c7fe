//! The codec against generated PDUs, another implementation, a corpus of real ones and damage of all kinds.

mod corpus;
mod generate;
mod oracle;
mod round_trip;
mod stream;
