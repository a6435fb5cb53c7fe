//! `omnigate link operators`: the operator profiles of this version, and what each sets. Needs no configuration.

use crate::command::context::{Context, print, print_json};
use crate::command::exit;
use crate::command::table::Table;
use crate::config::Operator;
use anyhow::anyhow;
use domain::language::Language;
use serde_json::{Value, json};
use std::process::ExitCode;

/// `link operators`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: omnigate link operators\n          omnigate link operators telia-sms-foretag"
)]
pub struct Args {
    /// Show what this one sets, and what of it is confirmed
    pub name: Option<String>,
}

/// Prints the list, or one.
///
/// # Errors
/// A profile that is not there.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let language = context.language(None);
    let Some(name) = &args.name else {
        let all = Operator::all();
        if context.json {
            print_json(&all.iter().map(as_json).collect::<Vec<_>>())?;
        } else {
            print(&list(&all, language))?;
        }
        return Ok(exit(true));
    };
    let operator = Operator::named(name).ok_or_else(|| {
        anyhow!("there is no operator {name:?}; there are: {}", Operator::names().join(", "))
    })?;
    if context.json {
        print_json(&as_json(&operator))?
    } else {
        print(&one(&operator, language))?
    }
    Ok(exit(true))
}

fn as_json(operator: &Operator) -> Value {
    json!({
        "name": operator.name, "title": operator.title, "protocol": operator.protocol(),
        "about": { "en": operator.about.en, "sv": operator.about.sv }, "needs": operator.needs,
        "confirmed": operator.confirmed, "not_confirmed": operator.assumed, "sets": operator.link(),
    })
}

fn about(operator: &Operator, language: Language) -> &str {
    language.pick(&operator.about.sv, &operator.about.en)
}

fn list(all: &[Operator], language: Language) -> String {
    let headings = match language {
        Language::Swedish => ["OPERATÖR", "TALAR", ""],
        Language::English => ["OPERATOR", "SPEAKS", ""],
    };
    let mut table = Table::new(&headings);
    for operator in all {
        table.row([operator.name, operator.protocol(), about(operator, language)]);
    }
    table.to_string()
}

/// One, as a section to be copied, with what is known of it.
fn one(operator: &Operator, language: Language) -> String {
    let mut text = format!("{}: {}\n{}\n\n", operator.name, operator.title, about(operator, language));
    let mut table = Table::new(&["", ""]);
    for (key, value) in operator.keys() {
        table.row([key, format!("= {value}")]);
    }
    text.push_str(&table.to_string());
    let needs = language.pick("kommer med avtalet", "comes with the contract");
    text.push_str(&format!("\n{needs}: {}\n", operator.needs.join(", ")));
    for (heading, items) in [
        (language.pick("bekräftat", "confirmed"), &operator.confirmed),
        (language.pick("inte bekräftat", "not confirmed"), &operator.assumed),
    ] {
        text.push_str(&format!("\n{heading}:\n"));
        items.iter().for_each(|item| text.push_str(&format!("  {item}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_as_people_and_programs_see_it() {
        let operator = Operator::named("tele2").expect("a profile");
        let text = one(&operator, Language::Swedish);
        assert!(text.contains("numbering.name") && text.contains("= [5, 0]"), "{text}");
        assert!(text.contains("kommer med avtalet: hosts, system_id, password"), "{text}");
        assert_eq!(as_json(&operator)["sets"]["numbering"]["name"], json!([5, 0]));
        let text = list(&Operator::all(), Language::English);
        assert!(text.contains("telia-sms-foretag  ucp"), "{text}");
    }
}
