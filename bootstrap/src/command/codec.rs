//! `omnigate codec decode`: one input a line from standard input, one JSON object a line to standard output.
//!
//! A line that cannot be decoded gives an object with `error` and the next line is read: a trace has gaps, and a program reads on.

use crate::codec::{self, CodecError};
use crate::command::context::print;
use clap::Subcommand;
use serde_json::Value;
use std::io::{self, BufRead};
use std::process::ExitCode;

/// What a line may hold at most; longer ones are answered with an error.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Look into a protocol.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// Print the fields of PDUs, one JSON object a line
    Decode(Decode),
}

/// `decode`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: echo 00000010800000150000000000000001 | omnigate codec decode --protocol smpp --kind pdu_decode --hex --pretty"
)]
pub struct Decode {
    /// The protocol: smpp, ucp, cimd2, tap, gsm or at
    #[arg(long)]
    pub protocol: String,
    /// What each line holds: for smpp pdu_decode, receipt_text, message_id, …; a wrong one names those there are
    #[arg(long)]
    pub kind: String,
    /// Lines are hexadecimal digits as they stand in a trace, not JSON
    #[arg(long)]
    pub hex: bool,
    /// Print each object over several lines
    #[arg(long)]
    pub pretty: bool,
}

/// Reads standard input to its end.
///
/// # Errors
/// When standard input or output fail.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Args::Decode(args) = args;
    decode_all(args, &mut io::stdin().lock(), &mut |text| print(text))?;
    Ok(ExitCode::SUCCESS)
}

fn decode_all(
    args: &Decode,
    input: &mut impl BufRead,
    output: &mut dyn FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value = decode_line(args, &line).unwrap_or_else(|error| error.to_json());
        let text = if args.pretty { serde_json::to_string_pretty(&value)? } else { value.to_string() };
        output(&format!("{text}\n"))?;
    }
}

fn decode_line(args: &Decode, line: &[u8]) -> Result<Value, CodecError> {
    let bad = |detail: String| CodecError::new("bad_input", detail);
    let text = std::str::from_utf8(line).map_err(|e| bad(format!("the line is not UTF-8: {e}")))?;
    let value = if args.hex {
        Value::String(text.trim().to_owned())
    } else {
        serde_json::from_str(text).map_err(|e| {
            bad(format!("the line is not JSON: {e} (a string stands in quotes; --hex takes bare digits)"))
        })?
    };
    codec::decode(&args.protocol, &args.kind, &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(hex: bool, input: &str) -> String {
        let args = Decode { protocol: "smpp".into(), kind: "pdu_decode".into(), hex, pretty: false };
        let mut text = String::new();
        decode_all(&args, &mut input.as_bytes(), &mut |line| {
            text.push_str(line);
            Ok(())
        })
        .expect("a decode");
        text
    }

    #[test]
    fn one_object_a_line_and_errors_do_not_stop() {
        let text = decode(false, "\"00000010800000150000000000000001\"\n\nnonsense\n\"00\"\n");
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].get("error").is_none(), "{text}");
        assert_eq!(lines[1]["error"]["class"], "bad_input");
        assert!(lines[2].get("error").is_some());
    }

    #[test]
    fn bare_digits() {
        let text = decode(true, "00000010 80000015 00000000 00000001");
        assert!(!text.contains("error"), "{text}");
        assert!(text.ends_with('\n'));
    }
}
