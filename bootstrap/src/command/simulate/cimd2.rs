//! `omnigate simulate cimd2`: an SMS centre that speaks CIMD2.
//!
//! Beside the orders of every simulated operator it takes `{"do":"raw","octets":"0232303A.."}`.

use super::Flags;
use cimd2::simulator::SimulatorOptions;

/// Deliveries that may be unanswered where nobody says more: real centres have few under way.
const DELIVERIES: usize = 10;

/// `simulate cimd2`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  omnigate simulate cimd2 --receipts\n  \
                  omnigate simulate cimd2 --listen 127.0.0.1:0 --receipts \\\n      --journal operator.jsonl\n  \
                  omnigate simulate cimd2 --fault throttle_every=10 --fault damage_every=100\n\n\
                  Orders, one a line on standard input: {\"do\":\"mo\",\"from\":\"46701234567\",\"to\":\"71234\",\"text\":\"hej\"}, \
                  {\"do\":\"faults\",\"faults\":{\"throttle\":true}}, {\"do\":\"drop\"}, {\"do\":\"unbind\"}, {\"do\":\"raw\",\"octets\":\"0203\"}.\n\
                  Faults: throttle, throttle_every, status (an error code), status_every, no_answer, no_answer_every, \
                  reply_delay (ms), duplicate_every, unknown_every, nack_every, wrong_command_every, empty_every, \
                  damage_every, out_of_order, drop_every, garbage_every, half_open, refuse, bind_status, no_bind_answer, \
                  deaf, drip (ms).")]
pub struct Cimd2 {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9971")]
    pub listen: String,
    /// Greet nobody
    #[arg(long)]
    pub no_greeting: bool,
    /// Write packets without checksum
    #[arg(long)]
    pub no_checksum: bool,
    /// Write å, ä and ö as themselves
    #[arg(long)]
    pub eight_bit: bool,
    /// The widest window that a login may ask for; 0 = none at all
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub max_window: u32,
    /// Refuse messages that ask for status reports
    #[arg(long)]
    pub no_reports: bool,
    /// Take requests only under the number that follows the one before
    #[arg(long)]
    pub strict_numbers: bool,
    /// The flags of every simulated operator
    #[command(flatten)]
    pub flags: Flags,
}

/// What the flags say.
///
/// # Errors
/// Flags that fit no fault.
pub(super) fn options(args: &Cimd2) -> anyhow::Result<SimulatorOptions> {
    let mut common = args.flags.options(&args.listen)?;
    common.deliver_window = common.deliver_window.min(DELIVERIES);
    let default = SimulatorOptions::default();
    Ok(SimulatorOptions {
        common,
        greeting: if args.no_greeting { String::new() } else { default.greeting },
        checksum: !args.no_checksum,
        eight_bit: args.eight_bit,
        max_window: args.max_window,
        no_reports: args.no_reports,
        strict_numbers: args.strict_numbers,
        zone: default.zone,
        stamps: default.stamps,
    })
}
