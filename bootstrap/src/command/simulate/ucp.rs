//! `omnigate simulate ucp`: an SMS centre that speaks EMI/UCP.
//!
//! Beside the orders of every simulated operator it takes `{"do":"raw","octets":"0230302F.."}`.

use super::Flags;
use super::line::LineFlags;
use ucp::simulator::{Centre, SimulatorOptions};

/// `simulate ucp`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  omnigate simulate ucp --receipts\n  \
                  omnigate simulate ucp --listen 127.0.0.1:0 --receipts \\\n      --account 71234:secret --journal operator.jsonl\n  \
                  omnigate simulate ucp --fault throttle_every=10 --fault damage_every=100\n  \
                  omnigate simulate ucp --modem modem0\n      (port = \"modem0\", dial = [\"08-123 45 67\"])\n\n\
                  Orders, one a line on standard input: {\"do\":\"mo\",\"from\":\"46701234567\",\"to\":\"71234\",\"text\":\"hej\"}, \
                  {\"do\":\"faults\",\"faults\":{\"throttle\":true}}, {\"do\":\"drop\"}, {\"do\":\"unbind\"}, {\"do\":\"raw\",\"octets\":\"0203\"}.\n\
                  Faults: throttle, throttle_every, status (an error code), status_every, no_answer, no_answer_every, \
                  reply_delay (ms), duplicate_every, unknown_every, nack_every, wrong_command_every, empty_every, \
                  damage_every, out_of_order, drop_every, garbage_every, half_open, refuse, bind_status, no_bind_answer, \
                  deaf, drip (ms).")]
pub struct Ucp {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:5000")]
    pub listen: String,
    /// The modem in front of it
    #[command(flatten)]
    pub line: LineFlags,
    /// Take messages without a login (operation 60)
    #[arg(long)]
    pub no_login: bool,
    /// The flags of every simulated operator; accounts are numbers
    #[command(flatten)]
    pub flags: Flags,
}

/// What the flags say.
///
/// # Errors
/// Flags that fit no fault.
pub(super) fn centre(args: &Ucp) -> anyhow::Result<Centre> {
    let common = args.flags.options(&args.listen)?;
    Ok(Centre::new(SimulatorOptions { common, login: !args.no_login }))
}
