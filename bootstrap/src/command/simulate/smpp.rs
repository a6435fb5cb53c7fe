//! `omnigate simulate smpp`: an SMSC that speaks SMPP.
//!
//! Beside the orders of every simulated operator it takes `{"do":"unbind"}` and `{"do":"raw","octets":"00000010.."}`.

use super::Flags;
use clap::ValueEnum;
use smpp::simulator::{IdForm, ReceiptForm, ReceiptIdForm, ReceiptOptions, SimulatorOptions};

/// `simulate smpp`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  omnigate simulate smpp --receipts\n  \
                  omnigate simulate smpp --listen 127.0.0.1:0 --receipts \\\n      --receipt-delay 2s --journal operator.jsonl\n  \
                  omnigate simulate smpp --fault throttle_every=10 --fault drop_every=1000\n\n\
                  Orders, one a line on standard input: {\"do\":\"mo\",\"from\":\"46701234567\",\"to\":\"71234\",\"text\":\"hej\"}, \
                  {\"do\":\"faults\",\"faults\":{\"throttle\":true}}, {\"do\":\"drop\"}, {\"do\":\"unbind\"}, {\"do\":\"raw\",\"octets\":\"0203\"}.\n\
                  Faults: throttle, throttle_every, status, status_every, no_answer, no_answer_every, reply_delay (ms), \
                  duplicate_every, unknown_every, nack_every, wrong_command_every, empty_every, out_of_order, drop_every, \
                  garbage_every, half_open, refuse, bind_status, no_bind_answer, deaf, drip (ms), congestion.")]
pub struct Smpp {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:2775")]
    pub listen: String,
    /// Where the facts of a receipt stand
    #[arg(long, value_enum, default_value = "both")]
    pub receipt_form: Form,
    /// How the message id is spelled in a receipt
    #[arg(long, value_enum, default_value = "same")]
    pub receipt_id: Spelling,
    /// The form of message ids; by default the one that the receipts' spelling starts from
    #[arg(long, value_enum)]
    pub id_form: Option<Ids>,
    /// The flags of every simulated operator
    #[command(flatten)]
    pub flags: Flags,
}

/// See [`ReceiptForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// In the text alone
    Text,
    /// In optional parameters alone
    Parameters,
    /// In both
    Both,
}

/// See [`ReceiptIdForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Spelling {
    /// As in the reply
    Same,
    /// A decimal id in hexadecimal
    Hex,
    /// A hexadecimal id in decimal
    Decimal,
    /// With leading zeros
    Padded,
    /// In capitals
    Capitals,
}

/// See [`IdForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// 1700000000123
    Decimal,
    /// 18bcfe5687b
    Hex,
    /// 0018bcfe-687b-4000-8000-9e3779b97f4a
    Uuid,
}

/// What the flags say.
///
/// # Errors
/// Flags that fit no fault.
pub(super) fn options(args: &Smpp) -> anyhow::Result<SimulatorOptions> {
    // A decimal spelling of an id starts from a hexadecimal one.
    let id_form = args.id_form.unwrap_or(match args.receipt_id {
        Spelling::Decimal | Spelling::Capitals => Ids::Hex,
        _ => Ids::Decimal,
    });
    let common = args.flags.options(&args.listen)?;
    Ok(SimulatorOptions {
        listen: common.listen,
        tls: common.tls,
        accounts: common.accounts,
        max_binds: common.max_binds,
        id_form: match id_form {
            Ids::Decimal => IdForm::Decimal,
            Ids::Hex => IdForm::Hex,
            Ids::Uuid => IdForm::Uuid,
        },
        reply_delay: common.reply_delay,
        receipts: common.receipts.map(|times| receipts(args, times)),
        mo: common.mo,
        echo: common.echo,
        deliver_window: common.deliver_window,
        retry_after: common.retry_after,
        journal: common.journal,
        faults: common.faults,
        schedule: common.schedule,
    })
}

fn receipts(args: &Smpp, times: rehearsal::ReceiptOptions) -> ReceiptOptions {
    ReceiptOptions {
        delay: times.delay,
        form: match args.receipt_form {
            Form::Text => ReceiptForm::Text,
            Form::Parameters => ReceiptForm::Parameters,
            Form::Both => ReceiptForm::Both,
        },
        id_form: match args.receipt_id {
            Spelling::Same => ReceiptIdForm::Same,
            Spelling::Hex => ReceiptIdForm::Hex,
            Spelling::Decimal => ReceiptIdForm::Decimal,
            Spelling::Padded => ReceiptIdForm::Padded,
            Spelling::Capitals => ReceiptIdForm::Capitals,
        },
        fail_every: times.fail_every,
        copies: times.copies,
        before_reply: times.before_reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command as Verb};
    use crate::command::simulate::Args;
    use anyhow::bail;
    use clap::Parser as _;
    use std::time::Duration;

    fn read(flags: &[&str]) -> anyhow::Result<SimulatorOptions> {
        let cli = Cli::try_parse_from(["omnigate", "simulate", "smpp"].iter().chain(flags))?;
        match cli.command {
            Verb::Simulate(Args::Smpp(args)) => options(&args),
            other => bail!("{other:?}"),
        }
    }

    #[test]
    fn flags_become_options() {
        let options =
            read(&["--receipts", "--delay", "20ms", "--receipt-id", "decimal", "--duplicate-receipts"])
                .expect("options");
        let receipts = options.receipts.expect("receipts");
        assert_eq!((options.reply_delay, options.id_form), (Duration::from_millis(20), IdForm::Hex));
        assert_eq!((receipts.copies, receipts.id_form), (2, ReceiptIdForm::Decimal));
        assert!(read(&[]).expect("options").receipts.is_none());
    }

    #[test]
    fn faults_by_name() {
        let options =
            read(&["--fault", "throttle", "--fault", "drop-every=7", "--later", "2s:{\"deaf\":true}"])
                .expect("options");
        assert!(options.faults.throttle && options.faults.drop_every == 7);
        assert!(options.schedule.iter().any(|(at, faults)| *at == Duration::from_secs(2) && faults.deaf));
        for bad in [["--fault", "thortle"], ["--later", "soon"], ["--account", "nocolon"], ["--delay", "x"]] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }
}
