//! SMPP links.

use super::{Around, Start, client_tls, number, password, said, texts};
use crate::config::{Common, Period, SmppKeys};
use jiff::tz::Offset;
use ports::driven::Link as OperatorLink;
use secrecy::ExposeSecret as _;
use smpp::config::{BindMode, DefaultAlphabet, FlashForm, LongForm, NameCharset, Numbering, ValidityForm};
use smpp::{SmppConfig, SmppLink};
use std::sync::Arc;
use std::time::Duration;

impl Start for SmppConfig {
    fn fingerprint(&self) -> String {
        format!("{self:?} {}", self.password.expose_secret())
    }

    fn check(&self) -> anyhow::Result<()> {
        Ok(SmppConfig::check(self)?)
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        Ok(SmppLink::start(self.clone(), around.id, around.receiver, around.clock, around.ids)?)
    }
}

/// Everything a section says. Every field is named: one that the file could not set would not compile.
pub(super) fn config(common: &Common, keys: &SmppKeys) -> anyhow::Result<SmppConfig> {
    let default = SmppConfig::default();
    let time = |period: Option<Period>, default: Duration| period.map_or(default, |p| p.0);
    let numbering =
        |pair: Option<[u8; 2]>, default| pair.map_or(default, |[ton, npi]| Numbering { ton, npi });
    Ok(SmppConfig {
        hosts: texts(&common.hosts),
        receiver_hosts: texts(&keys.receiver_hosts),
        tls: common.tls.as_ref().map(client_tls).transpose()?,
        system_id: keys.system_id.clone(),
        password: password(common, keys.password.as_ref())?,
        system_type: keys.system_type.clone(),
        mode: bind_mode(said(keys.bind.as_ref())),
        interface_version: match said(keys.version.as_ref()) {
            "5.0" => 0x50,
            "3.3" => 0x33,
            _ => 0x34,
        },
        address_numbering: numbering(keys.numbering.bind, default.address_numbering),
        address_range: keys.address_range.clone(),
        sessions: number(common.sessions.as_ref(), default.sessions),
        window: number(common.window.as_ref(), default.window),
        replies_ahead: number(common.replies_ahead.as_ref(), default.replies_ahead),
        spread: common.spread,
        rate: common.rate,
        connect_timeout: time(keys.connect_timeout, default.connect_timeout),
        bind_timeout: time(keys.bind_timeout, default.bind_timeout),
        enquire_link: time(keys.enquire_link, default.enquire_link),
        enquire_link_timeout: time(keys.enquire_link_timeout, default.enquire_link_timeout),
        response_timeout: time(common.response_timeout, default.response_timeout),
        give_back_after: time(keys.give_back_after, default.give_back_after),
        give_back_alarms_after: time(keys.give_back_alarms_after, default.give_back_alarms_after),
        first_pause: time(keys.first_pause, default.first_pause),
        default_alphabet: alphabet(said(keys.alphabet.as_ref())),
        text_coding: keys.text_coding.unwrap_or(default.text_coding),
        ucs2_coding: keys.ucs2_coding.unwrap_or(default.ucs2_coding),
        binary_coding: keys.binary_coding.unwrap_or(default.binary_coding),
        long_form: long_form(said(keys.long.as_ref())),
        flash_form: flash_form(said(keys.flash.as_ref())),
        validity: validity(said(keys.validity.as_ref())),
        name_charset: name_charset(said(keys.names.as_ref())),
        international: numbering(keys.numbering.international, default.international),
        short_code: numbering(keys.numbering.short_code, default.short_code),
        name: numbering(keys.numbering.name, default.name),
        service_type: keys.service_type.clone(),
        esm_class: keys.esm_class.unwrap_or(default.esm_class),
        protocol_id: keys.protocol_id.unwrap_or(default.protocol_id),
        priority_flags: keys.priority_flags.unwrap_or(default.priority_flags),
        registered_delivery: keys.registered_delivery.unwrap_or(default.registered_delivery),
        receipts_by_text: keys.receipts_by_text,
        receipt_offset: keys.receipt_offset.as_ref().map_or(Offset::UTC, |offset| offset.0.0),
        statuses: keys.statuses.iter().map(|(code, class)| (code.0.0, class.0.0)).collect(),
        extra_parameters: keys.parameters.iter().map(|(tag, octets)| (tag.0.0, octets.0.0.clone())).collect(),
    })
}

fn bind_mode(word: &str) -> BindMode {
    match word {
        "transmitter_receiver" => BindMode::Pair,
        "transmitter" => BindMode::Transmitter,
        "receiver" => BindMode::Receiver,
        _ => BindMode::Transceiver,
    }
}

fn alphabet(word: &str) -> DefaultAlphabet {
    match word {
        "latin1" => DefaultAlphabet::Latin1,
        "ascii" => DefaultAlphabet::Ascii,
        _ => DefaultAlphabet::Gsm,
    }
}

fn long_form(word: &str) -> LongForm {
    match word {
        "sar" => LongForm::Sar,
        "payload" => LongForm::Payload,
        _ => LongForm::Header,
    }
}

fn flash_form(word: &str) -> FlashForm {
    match word {
        "class" => FlashForm::Class,
        "subunit" => FlashForm::Subunit,
        _ => FlashForm::Coding,
    }
}

fn validity(word: &str) -> ValidityForm {
    match word {
        "absolute" => ValidityForm::Absolute,
        "none" => ValidityForm::None,
        _ => ValidityForm::Relative,
    }
}

fn name_charset(word: &str) -> NameCharset {
    match word {
        "latin1" => NameCharset::Latin1,
        "utf8" => NameCharset::Utf8,
        _ => NameCharset::Ascii,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Own};
    use std::path::Path;

    /// Every key of an SMPP link, none at its default.
    const ALL: &str = r#"
        [[link]]
        name = "TS0"
        protocol = "smpp"
        hosts = ["h:1"]
        receiver_hosts = ["r:2"]
        tls = { insecure = true }
        system_id = "me"
        password = "geheim"
        system_type = "t"
        service_type = "s"
        bind = "transmitter"
        version = "5.0"
        address_range = "46"
        sessions = 2
        window = 3
        rate = 4
        replies_ahead = 5
        spread = true
        connect_timeout = "1s"
        bind_timeout = "2s"
        enquire_link = "3s"
        enquire_link_timeout = "4s"
        response_timeout = "5s"
        give_back_after = "6s"
        give_back_alarms_after = "7s"
        first_pause = "8s"
        alphabet = "latin1"
        text_coding = 3
        ucs2_coding = 24
        binary_coding = 2
        long = "payload"
        flash = "subunit"
        validity = "absolute"
        names = "utf8"
        esm_class = 3
        protocol_id = 64
        priority_flags = [0, 1, 2, 3]
        registered_delivery = 17
        receipts_by_text = true
        receipt_offset = "+02:00"
        statuses = { "0x0401" = "throttled" }
        parameters = { "0x1400" = "0A0B" }
        [link.numbering]
        international = [2, 8]
        short_code = [6, 1]
        name = [5, 1]
        bind = [1, 1]
        [[route]]
        to = "*"
        links = ["TS0"]
    "#;

    #[allow(irrefutable_let_patterns, reason = "as long as there is one protocol")]
    fn read(text: &str) -> SmppConfig {
        net::tls::install_provider();
        let loaded = config::read(Path::new("x.toml"), text, &[]).expect("a configuration");
        let link = loaded.config.link.first().expect("a link");
        let Own::Smpp(keys) = &link.own else { unreachable!("an SMPP link") };
        config(&link.common, keys).expect("settings")
    }

    /// The fields of the debug form, as `name: value`.
    fn fields(config: &SmppConfig) -> Vec<String> {
        let text = format!("{config:#?}");
        let mut fields: Vec<String> = Vec::new();
        for line in text.lines().skip(1) {
            match fields.last_mut() {
                Some(last) if line.starts_with("     ") || line.trim_start().starts_with(['}', ']', ')']) => {
                    last.push_str(line.trim());
                }
                _ => fields.push(line.trim().to_owned()),
            }
        }
        fields
    }

    #[test]
    fn every_field_can_be_set() {
        let (set, default) = (fields(&read(ALL)), fields(&SmppConfig::default()));
        assert_eq!(set.len(), default.len());
        let same = set.iter().zip(&default).filter(|(a, b)| a == b).map(|(field, _)| field);
        let same: Vec<_> = same.filter(|field| !field.starts_with("password:")).collect();
        assert!(
            same.is_empty(),
            "all but the password, which is never shown, differ from the default: {same:?}"
        );
        assert_eq!(read(ALL).password.expose_secret(), "geheim");
    }

    #[test]
    fn a_short_section_is_the_default() {
        let short = "[[link]]\nname = \"a\"\nprotocol = \"smpp\"\nhosts = [\"h:1\"]\n[[route]]\nto = \"*\"\nlinks = [\"a\"]\n";
        let default = SmppConfig { hosts: vec!["h:1".to_owned()], ..SmppConfig::default() };
        assert_eq!(fields(&read(short)), fields(&default));
    }
}
