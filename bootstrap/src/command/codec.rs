//! `omnigate codec decode`: one input a line from standard input, one JSON object a line to standard output.
//!
//! A line that cannot be decoded gives an object with `error` and the next line is read: a trace has gaps, and a program reads on. A protocol or a
//! kind that there is not is a wrong command line.

use crate::codec::{self, CodecError};
use crate::command::context::{Context, print};
use crate::swedish::WrongUsage;
use clap::Subcommand;
use domain::language::{Language, Words};
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
    /// Print the requests that a profile would make of a message, one JSON object a line; nothing is sent
    Encode(Encode),
}

/// `decode`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: echo 00000010800000150000000000000001 | \\\n    omnigate codec decode --protocol smpp --kind pdu_decode --hex --pretty"
)]
pub struct Decode {
    /// The protocol: smpp, ucp, cimd2, tap, gsm, at or http
    #[arg(long)]
    pub protocol: String,
    /// What each line holds: for smpp pdu_decode, receipt_text, message_id, …; for http answer and call; a wrong one names those there are
    #[arg(long)]
    pub kind: String,
    /// Lines are hexadecimal digits as they stand in a trace, not JSON
    #[arg(long)]
    pub hex: bool,
    /// Print each object over several lines
    #[arg(long)]
    pub pretty: bool,
}

/// `encode`
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "omnigate codec encode [OPTIONS] --profile <PROFILE>\n       --to <TO> --text <TEXT>",
    after_help = "Example: omnigate codec encode --protocol http --profile 46elks \\\n    --to 070-1234567 --text Hej --set user=u1234 --pretty"
)]
pub struct Encode {
    /// The protocol: http
    #[arg(long, default_value = "http")]
    pub protocol: String,
    /// A shipped profile, or a file
    #[arg(long)]
    pub profile: String,
    /// Who would get it; may be given several times
    #[arg(long, required = true)]
    pub to: Vec<String>,
    /// What it would say
    #[arg(long)]
    pub text: String,
    /// Who it would be from
    #[arg(long)]
    pub from: Option<String>,
    /// Shown at once and not kept
    #[arg(long)]
    pub flash: bool,
    /// user, password, url, values.x or secrets.x: NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Print each object over several lines
    #[arg(long)]
    pub pretty: bool,
}

/// Reads standard input to its end, or shows what would be sent.
///
/// # Errors
/// An unknown protocol or kind; when standard input or output fail.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let language = context.language_now();
    match args {
        Args::Decode(args) => {
            known(args)?;
            decode_all(args, language, &mut io::stdin().lock(), &mut |text| print(text))?;
            Ok(ExitCode::SUCCESS)
        }
        Args::Encode(args) => encode(args, language),
    }
}

/// The question is looked at before any input: that may be empty, or long in coming.
fn known(args: &Decode) -> Result<(), WrongUsage> {
    match codec::decode(&args.protocol, &args.kind, &Value::Null) {
        Err(error) if error.is_of_question() => Err(WrongUsage::new(Words::new(
            error.in_language(Language::Swedish),
            error.in_language(Language::English),
        ))),
        _ => Ok(()),
    }
}

fn encode(args: &Encode, language: Language) -> anyhow::Result<ExitCode> {
    let Encode { profile, to, text, from, flash, set, .. } = args;
    let message = codec::http::Message { profile, to, text, from: from.as_deref(), flash: *flash, set };
    let encoded = match args.protocol.as_str() {
        "http" => codec::http::encode(&message),
        other => {
            Err(CodecError::new("unknown_protocol", format_args!("{other:?} has no encoder; http has one")))
        }
    };
    let (values, fine) = match encoded {
        Ok(values) => (values, true),
        Err(error) => (vec![error.to_json(language)], false),
    };
    for value in values {
        let text = if args.pretty { serde_json::to_string_pretty(&value)? } else { value.to_string() };
        print(&format!("{text}\n"))?;
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn decode_all(
    args: &Decode,
    language: Language,
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
        let value = decode_line(args, &line).unwrap_or_else(|error| error.to_json(language));
        let text = if args.pretty { serde_json::to_string_pretty(&value)? } else { value.to_string() };
        output(&format!("{text}\n"))?;
    }
}

fn decode_line(args: &Decode, line: &[u8]) -> Result<Value, CodecError> {
    let bad = |detail: String| CodecError::new("bad_input", detail);
    let text = std::str::from_utf8(line).map_err(|e| bad(format!("the line is not UTF-8: {e}")))?;
    let value = if args.hex {
        codec::of_hex(&args.protocol, text)?
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
        decode_of("smpp", "pdu_decode", hex, input)
    }

    fn decode_of(protocol: &str, kind: &str, hex: bool, input: &str) -> String {
        let args = Decode { protocol: protocol.into(), kind: kind.into(), hex, pretty: false };
        let mut text = String::new();
        decode_all(&args, Language::English, &mut input.as_bytes(), &mut |line| {
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
    fn bare_digits_are_the_characters_of_line_protocols() {
        for (protocol, kind, wire) in [
            ("cimd2", "frame", "\u{2}03:007\t021:12345678\t033:hello\tA6\u{3}"),
            ("cimd2", "text", "p\u{e5} plats"),
            ("at", "creg", "+CREG: 2,1,4CA,81DE445"),
            (
                "at",
                "cmgr",
                "+CMGR: 1,,30\r\n0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B",
            ),
            ("tap", "block", "\u{2}123\rABC\r\u{3}17;\r"),
            ("tap", "checksum", "\u{2}123\rABC\r\u{3}"),
            ("tap", "response", "111\r\u{6}\r"),
        ] {
            let digits: String = wire.chars().map(|c| format!("{:02x} ", u32::from(c))).collect();
            let text = decode_of(protocol, kind, true, &digits);
            assert_eq!(text, decode_of(protocol, kind, false, &Value::from(wire).to_string()));
            assert!(!text.contains("\"error\":{"), "{protocol} {kind}: {text}");
        }
        for odd in ["0", "0g"] {
            assert!(decode_of("at", "creg", true, odd).contains("not_hex"));
        }
    }

    #[test]
    fn bare_digits() {
        let text = decode(true, "00000010 80000015 00000000 00000001");
        assert!(!text.contains("error"), "{text}");
        assert!(text.ends_with('\n'));
    }
}
