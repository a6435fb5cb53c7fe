//! What differs between makes of GSM terminals, as data.
//!
//! Facts of manuals and of practice; a profile never decides anything by itself. `auto` takes the make that the modem names.

/// A make of terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What the answers to `AT+CGMI` and `ATI` hold, in lower case.
    pub makers: &'static [&'static str],
    /// Commands at every start, after echo and errors are set; a refusal is borne.
    pub init: &'static [&'static str],
    /// The hardware handshake.
    pub handshake: &'static str,
    /// Fixed announcements instead of the best of `AT+CNMI=?`.
    pub announce: Option<[u8; 5]>,
    /// Where messages are kept: `SM` or `ME`.
    pub storage: &'static str,
    /// Takes PDUs without a service centre address.
    pub bare_pdu: bool,
    /// Knows no PIN.
    pub has_pin: bool,
    /// Between an answer and the next command, in ms.
    pub pause_ms: u64,
    /// Switches the radio off and on again.
    pub radio: &'static [&'static str],
    /// Starts the modem anew.
    pub restart: &'static str,
}

/// A terminal that follows the standard.
pub const GENERIC: Profile = Profile {
    name: "generic",
    makers: &[],
    init: &[],
    handshake: "AT+IFC=2,2",
    announce: None,
    storage: "SM",
    bare_pdu: false,
    has_pin: true,
    pause_ms: 50,
    radio: &["AT+CFUN=0", "AT+CFUN=1"],
    restart: "AT+CFUN=1,1",
};

/// Every profile.
pub const PROFILES: [Profile; 8] = [
    GENERIC,
    Profile {
        name: "cinterion",
        makers: &["cinterion", "siemens", "gemalto", "thales", "telit cinterion"],
        handshake: "AT\\Q3",
        init: &["AT^SSYNC=0", "AT+CFUN=1"],
        pause_ms: 100,
        ..GENERIC
    },
    Profile {
        name: "sierra",
        makers: &["sierra", "wavecom"],
        init: &["AT+WIND=0"],
        restart: "AT+CFUN=1",
        ..GENERIC
    },
    Profile { name: "telit", makers: &["telit"], init: &["AT#SMOV=0"], restart: "AT#REBOOT", ..GENERIC },
    Profile {
        name: "huawei",
        makers: &["huawei"],
        init: &["AT^CURC=0"],
        storage: "SM",
        restart: "AT^RESET",
        ..GENERIC
    },
    Profile { name: "simcom", makers: &["simcom", "simcom_ltd"], init: &["AT+CIURC=0"], ..GENERIC },
    Profile {
        name: "quectel",
        makers: &["quectel"],
        init: &["AT+QURCCFG=\"urcport\",\"usbat\""],
        storage: "ME",
        ..GENERIC
    },
    Profile { name: "premicell", makers: &["premicell"], bare_pdu: true, has_pin: false, ..GENERIC },
];

/// The profile of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// The profile of the make that a modem names; the generic one for others.
#[must_use]
pub fn recognized(answer: &str) -> &'static Profile {
    let answer = answer.to_ascii_lowercase();
    let fits = |profile: &&Profile| profile.makers.iter().any(|maker| answer.contains(maker));
    PROFILES.iter().find(fits).unwrap_or(&GENERIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes() {
        for (answer, name) in [
            ("SIEMENS", "cinterion"),
            ("Telit Cinterion", "cinterion"),
            ("Telit", "telit"),
            ("Sierra Wireless, Incorporated", "sierra"),
            ("WAVECOM MODEM", "sierra"),
            ("huawei", "huawei"),
            ("SIMCOM_Ltd", "simcom"),
            ("Quectel", "quectel"),
            ("Acme", "generic"),
        ] {
            assert_eq!(recognized(answer).name, name, "{answer}");
        }
        assert!(PROFILES.iter().all(|p| named(p.name) == Some(p) && p.name == p.name.to_ascii_lowercase()));
    }
}
