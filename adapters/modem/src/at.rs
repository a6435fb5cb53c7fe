//! Answers of modems to AT commands (3GPP TS 27.005 and 27.007).
//!
//! Reads what modems really send: missing or stray quotes, empty fields, hexadecimal with or without quotes.
//! Never sends a command and never panics; an answer that says nothing usable is an error with its reason.

use crate::{hex, tpdu};

/// Longest list of values kept of one field of a test answer.
const MOST_VALUES: usize = 256;

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The expected prefix, such as `+CREG:`, is not there.
    #[error("the answer does not start with {0}")]
    NotThis(&'static str),
    /// A field is missing or holds something else than it should.
    #[error("the {0} is missing or unreadable")]
    Field(&'static str),
    /// The PDU's length is not the one announced.
    #[error("the PDU has {found} octets without its service centre address; {announced} were announced")]
    Length {
        /// Octets announced.
        announced: usize,
        /// Octets found.
        found: usize,
    },
}

/// Network registration, from `+CREG`, `+CGREG` or `+CEREG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Creg {
    /// The reporting mode; `None` in an unsolicited line.
    pub mode: Option<u8>,
    /// The registration state.
    pub stat: u8,
    /// Location area.
    pub lac: Option<u32>,
    /// Cell.
    pub cell: Option<u32>,
    /// Radio access technology.
    pub act: Option<u8>,
}

impl Creg {
    /// Whether messages can be sent: at home, roaming, or registered for SMS only.
    pub fn is_registered(&self) -> bool {
        matches!(self.stat, 1 | 5 | 6 | 7 | 9 | 10)
    }
}

/// What `AT+CNMI=?` offers for each of its five fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CnmiOffer {
    /// When unsolicited results are sent.
    pub mode: Vec<u8>,
    /// How received messages are announced.
    pub mt: Vec<u8>,
    /// Cell broadcast.
    pub bm: Vec<u8>,
    /// Status reports.
    pub ds: Vec<u8>,
    /// What happens to the buffer.
    pub bfr: Vec<u8>,
}

impl CnmiOffer {
    /// The best setting the modem offers. Storing before announcing comes first, because such a message survives a crash.
    pub fn best(&self) -> Option<[u8; 5]> {
        const WANTED: [[u8; 5]; 4] = [[2, 1, 0, 1, 0], [2, 1, 0, 2, 0], [2, 2, 0, 1, 0], [1, 1, 0, 0, 0]];
        let offered = [&self.mode, &self.mt, &self.bm, &self.ds, &self.bfr];
        WANTED
            .into_iter()
            .find(|wanted| {
                // A modem that offers only 1 for the last field means that the buffer is cleared: harmless.
                wanted.iter().zip(offered).take(4).all(|(value, values)| values.contains(value))
            })
            .map(|mut setting| {
                if let [only] = self.bfr.as_slice() {
                    setting[4] = *only;
                }
                setting
            })
    }
}

/// A stored message, from `+CMGR` in PDU mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cmgr {
    /// 0 unread, 1 read, 2 unsent, 3 sent.
    pub stat: u8,
    /// The phone book's name for the sender; often empty.
    pub alpha: String,
    /// Octets of the PDU without its service centre address.
    pub length: usize,
    /// The PDU with its service centre address.
    pub pdu: Vec<u8>,
}

/// Reads a `+CREG`, `+CGREG` or `+CEREG` line, asked for or not.
///
/// # Errors
/// Another line, or no readable state.
pub fn creg(line: &str) -> Result<Creg, AnswerError> {
    let rest = ["+CREG:", "+CGREG:", "+CEREG:"]
        .iter()
        .find_map(|prefix| line.trim().strip_prefix(prefix))
        .ok_or(AnswerError::NotThis("+CREG:"))?;
    let fields: Vec<&str> = rest.lines().next().unwrap_or_default().split(',').map(str::trim).collect();
    // Asked for, a number stands before the state. Unasked, the area follows it: quoted or longer than a state is.
    let is_state = |field: &&str| field.len() <= 2 && !field.starts_with('"') && field.parse::<u8>().is_ok();
    let (mode, fields) = match fields.split_first() {
        Some((mode, rest)) if rest.first().is_some_and(is_state) => {
            (Some(unquoted(mode).parse().map_err(|_| AnswerError::Field("mode"))?), rest)
        }
        _ => (None, fields.as_slice()),
    };
    let field =
        |index: usize| fields.get(index).map(|field| unquoted(field)).filter(|field| !field.is_empty());
    let hexadecimal = |index| field(index).and_then(|digits| u32::from_str_radix(&digits, 16).ok());
    Ok(Creg {
        mode,
        stat: field(0).and_then(|stat| stat.parse().ok()).ok_or(AnswerError::Field("state"))?,
        lac: hexadecimal(1),
        cell: hexadecimal(2),
        act: field(3).and_then(|act| act.parse().ok()),
    })
}

/// Reads the answer to `AT+CNMI=?`; a field left out offers nothing.
///
/// # Errors
/// Another line, or a field that is no list of numbers.
pub fn cnmi_test(line: &str) -> Result<CnmiOffer, AnswerError> {
    let rest = line.trim().strip_prefix("+CNMI:").ok_or(AnswerError::NotThis("+CNMI:"))?;
    let mut lists = fields_in_brackets(rest.lines().next().unwrap_or_default()).into_iter();
    let mut next = |name| lists.next().map_or(Ok(Vec::new()), |list| values(&list, name));
    Ok(CnmiOffer {
        mode: next("mode")?,
        mt: next("mt")?,
        bm: next("bm")?,
        ds: next("ds")?,
        bfr: next("bfr")?,
    })
}

/// Reads the answer to `AT+CMGR=n` in PDU mode, with or without the final `OK`.
///
/// # Errors
/// Another answer, an unreadable field, or a PDU that is not as long as announced.
pub fn cmgr(answer: &str) -> Result<Cmgr, AnswerError> {
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
    let head = lines.find_map(|line| line.strip_prefix("+CMGR:")).ok_or(AnswerError::NotThis("+CMGR:"))?;
    // The name between the two numbers may hold commas, and some modems leave it out.
    let (stat, rest) = head.split_once(',').ok_or(AnswerError::Field("length"))?;
    let (alpha, length) = rest.rsplit_once(',').unwrap_or(("", rest));
    let stat = unquoted(stat).parse().map_err(|_| AnswerError::Field("state"))?;
    let length = unquoted(length).parse().map_err(|_| AnswerError::Field("length"))?;
    let pdu = lines.next().and_then(hex::decode).ok_or(AnswerError::Field("PDU"))?;
    let found = pdu.len().saturating_sub(tpdu::sca_octets(&pdu));
    // Premicells leave the service centre address out altogether.
    if found != length && pdu.len() != length {
        return Err(AnswerError::Length { announced: length, found });
    }
    Ok(Cmgr { stat, alpha: unquoted(alpha), length, pdu })
}

/// A stored message of a list, from `+CMGL` in PDU mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its place in the memory.
    pub index: u16,
    /// 0 unread, 1 read, 2 unsent, 3 sent.
    pub stat: u8,
    /// The PDU with its service centre address.
    pub pdu: Vec<u8>,
}

/// The entries of the answer to `AT+CMGL`: place and state, as far as they can be read, and the line in the place of the PDU.
fn entries(lines: &[String]) -> impl Iterator<Item = (Option<u16>, Option<u8>, &str)> {
    let mut lines = lines.iter().map(|line| line.trim()).peekable();
    std::iter::from_fn(move || {
        let head = lines.find_map(|line| line.strip_prefix("+CMGL:"))?;
        let mut fields = head.split(',').map(unquoted);
        let index = fields.next().and_then(|index| index.parse().ok());
        let stat = fields.next().and_then(|stat| stat.parse().ok());
        Some((index, stat, lines.next_if(|next| !next.starts_with('+')).unwrap_or_default()))
    })
}

/// Reads the answer to `AT+CMGL`: what can be read of it. Entries without a readable place or PDU are left out.
pub fn cmgl(lines: &[String]) -> Vec<Listed> {
    let listed = |(index, stat, raw): (Option<u16>, Option<u8>, &str)| {
        let pdu = hex::decode(raw).filter(|_| !raw.is_empty())?;
        Some(Listed { index: index?, stat: stat?, pdu })
    };
    entries(lines).filter_map(listed).collect()
}

/// What [`cmgl`] leaves out of received messages: places whose PDU is none, and what stands there instead.
pub fn unreadable(lines: &[String]) -> Vec<(u16, String)> {
    let left_out = |(index, stat, raw): (Option<u16>, Option<u8>, &str)| {
        let is_pdu = !raw.is_empty() && hex::decode(raw).is_some();
        (matches!(stat, Some(0 | 1)) && !is_pdu).then_some(())?;
        Some((index?, raw.to_owned()))
    };
    entries(lines).filter_map(left_out).collect()
}

/// What stands in place of the PDU of a received message that was read alone.
pub fn unreadable_alone(lines: &[String]) -> Option<String> {
    let mut lines = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let head = lines.find_map(|line| line.strip_prefix("+CMGR:"))?;
    let received = matches!(unquoted(head.split(',').next().unwrap_or_default()).as_str(), "0" | "1");
    lines.next().filter(|raw| received && !raw.starts_with('+')).map(str::to_owned)
}

/// The signal of `+CSQ: rssi,ber`, 0..=31; `None` when it is not known or not readable.
pub fn csq(line: &str) -> Option<u8> {
    let rest = line.trim().strip_prefix("+CSQ:")?;
    rest.split(',').next().and_then(|rssi| unquoted(rssi).parse().ok()).filter(|rssi| *rssi <= 31)
}

/// Messages in the first memory and how many it holds, of `+CPMS: "SM",1,30,…` or `+CPMS: 1,30,…`. A size of 0 is a modem that
/// does not know.
pub fn cpms(line: &str) -> Option<(u16, u16)> {
    let rest = line.trim().strip_prefix("+CPMS:")?;
    let mut numbers = rest.split(',').filter_map(|field| unquoted(field).parse::<u16>().ok());
    numbers.next().zip(numbers.next()).filter(|(_, total)| *total > 0)
}

/// The first memory of `+CPMS: "SM",1,30,…`; `None` when no names are told.
pub fn memory(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("+CPMS:")?;
    rest.split(',').next().map(unquoted).filter(|memory| is_memory(memory))
}

/// The five numbers of `+CNMI: 2,1,0,1,0`.
pub fn cnmi(line: &str) -> Option<[u8; 5]> {
    let rest = line.trim().strip_prefix("+CNMI:")?;
    let numbers: Vec<u8> = rest.split(',').map_while(|field| unquoted(field).parse().ok()).collect();
    numbers.try_into().ok()
}

/// The memory and the place of `+CMTI: "SM",5` and `+CDSI: "SR",1`.
pub fn stored(line: &str) -> Option<(String, u16)> {
    let (_, rest) = line.trim().split_once(':')?;
    let (memory, index) = rest.rsplit_once(',')?;
    let memory = unquoted(memory);
    let known = is_memory(&memory);
    index.trim().parse().ok().filter(|_| known).map(|index| (memory, index))
}

fn is_memory(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|octet| octet.is_ascii_alphabetic())
}

fn unquoted(field: &str) -> String {
    field.chars().filter(|c| *c != '"').collect::<String>().trim().to_owned()
}

/// Splits at commas outside brackets, and takes the brackets off.
fn fields_in_brackets(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut depth = 0u32;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => fields.push(String::new()),
            c => fields.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    fields
}

/// `0-1,3` to 0, 1, 3.
fn values(list: &str, name: &'static str) -> Result<Vec<u8>, AnswerError> {
    let number = |text: &str| unquoted(text).parse::<u8>().map_err(|_| AnswerError::Field(name));
    let mut values = Vec::new();
    for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        match item.split_once('-') {
            Some((first, last)) => values.extend(number(first)?..=number(last)?),
            None => values.push(number(item)?),
        }
        if values.len() > MOST_VALUES {
            return Err(AnswerError::Field(name));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn registration() {
        let creg_of = |mode, stat, lac, cell, act| Ok(Creg { mode, stat, lac, cell, act });
        for (line, expect) in [
            ("+CREG: 2,1,4CA,81DE445", creg_of(Some(2), 1, Some(0x4CA), Some(0x81D_E445), None)),
            ("+CREG: 0,1,\"5E25\",\"605F\",2", creg_of(Some(0), 1, Some(0x5E25), Some(0x605F), Some(2))),
            ("+CREG: 2,1,\"0B,\"0100701\",7", creg_of(Some(2), 1, Some(0xB), Some(0x010_0701), Some(7))),
            ("+CREG: 0,3", creg_of(Some(0), 3, None, None, None)),
            ("+CREG: 5", creg_of(None, 5, None, None, None)),
            ("+CREG: 1,\"5E25\",\"605F\"", creg_of(None, 1, Some(0x5E25), Some(0x605F), None)),
            ("+CREG: 1,4CA,81DE445", creg_of(None, 1, Some(0x4CA), Some(0x81D_E445), None)),
            ("+CEREG: 2,5,,,", creg_of(Some(2), 5, None, None, None)),
            ("+CREG:", Err(AnswerError::Field("state"))),
            ("+CREG: x", Err(AnswerError::Field("state"))),
            ("OK", Err(AnswerError::NotThis("+CREG:"))),
        ] {
            assert_eq!(creg(line), expect, "{line}");
        }
        let registered: Vec<u8> =
            (0..=11).filter(|stat| creg(&format!("+CREG: 0,{stat}")).unwrap().is_registered()).collect();
        assert_eq!(registered, [1, 5, 6, 7, 9, 10]);
    }

    #[test]
    fn announcements() {
        let offer = cnmi_test("+CNMI: (2),(0-1,3),(0,2),(0-1),(0)").unwrap();
        assert_eq!(offer.mt, [0, 1, 3]);
        assert_eq!(offer.best(), Some([2, 1, 0, 1, 0]));
        assert_eq!(cnmi_test("+CNMI: 1,(1),(),0,(1)").unwrap().best(), None);
        assert_eq!(cnmi_test("+CNMI: (0-2),(0-3),(0,2,3),(0-2),(1)").unwrap().best(), Some([2, 1, 0, 1, 1]));
        assert_eq!(cnmi_test("+CNMI: (a)"), Err(AnswerError::Field("mode")));
        for (line, expect) in [
            ("+CNMI: 2,1,0,1,0", Some([2, 1, 0, 1, 0])),
            ("+CNMI:0,0,0,0,0", Some([0; 5])),
            ("+CNMI: 2,1", None),
            ("+CNMI: 2,x,0,1,0", None),
            ("OK", None),
        ] {
            assert_eq!(cnmi(line), expect, "{line}");
        }
    }

    #[test]
    fn stored_messages() {
        let pdu = "0791198948004544040C9119894882006200007050307040042206CF35689E9603";
        for (head, alpha) in [("1,,25", ""), ("1,25", ""), ("1,\"Ek, Karl\",25", "Ek, Karl")] {
            let message = cmgr(&format!("+CMGR: {head}\r\n{pdu}\r\n\r\nOK")).unwrap();
            assert_eq!((message.stat, message.alpha.as_str(), message.length), (1, alpha, 25));
            assert_eq!((message.pdu.len(), tpdu::sca_octets(&message.pdu)), (33, 8));
        }
        assert_eq!(
            cmgr(&format!("+CMGR: 1,,24\r\n{pdu}")),
            Err(AnswerError::Length { announced: 24, found: 25 })
        );
        assert_eq!(cmgr("+CMGR: 1,,25\r\nOK"), Err(AnswerError::Field("PDU")));
        assert_eq!(cmgr("OK"), Err(AnswerError::NotThis("+CMGR:")));
    }

    #[test]
    fn lists_and_numbers() {
        let lines: Vec<String> = [
            "+CMGL: 1,0,,25",
            "00FF",
            "+CMGL: 2,1,\"Ek\",3",
            "+CMGL: 7,3,,2",
            "0001",
            "noise",
            "+CMGL: x,0,,1",
            "00",
        ]
        .map(str::to_owned)
        .to_vec();
        let entry = |index, stat, pdu: &[u8]| Listed { index, stat, pdu: pdu.to_vec() };
        assert_eq!(cmgl(&lines), [entry(1, 0, &[0, 0xFF]), entry(7, 3, &[0, 1])]);
        for (line, expect) in
            [("+CSQ: 17,0", Some(17)), ("+CSQ: 99,99", None), ("+CSQ:5", Some(5)), ("OK", None)]
        {
            assert_eq!(csq(line), expect, "{line}");
        }
        for (line, expect) in [
            ("+CPMS: \"SM\",28,30,\"SM\",28,30", (Some("SM"), Some((28, 30)))),
            ("+CPMS: 3,10,3,10", (None, Some((3, 10)))),
            ("+CPMS: ME,0,0", (Some("ME"), None)),
            ("+CPMS: x", (None, None)),
        ] {
            assert_eq!((memory(line).as_deref(), cpms(line)), expect, "{line}");
        }
        assert_eq!(stored("+CMTI: \"SM\",5"), Some(("SM".into(), 5)));
        assert_eq!(stored("+CDSI: SR,0"), Some(("SR".into(), 0)));
        assert_eq!(stored("+CMTI: \"S;\",5"), None);
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(text in "(\\+C(REG|NMI|MGR):)?[ 0-9A-F,\"()\r\n-]{0,60}", other in "\\PC{0,40}") {
            for answer in [text.as_str(), other.as_str()] {
                let _ = creg(answer);
                let _ = cnmi_test(answer);
                let _ = cmgr(answer);
                let _ = (csq(answer), cpms(answer), memory(answer), stored(answer));
                let _ = cmgl(&answer.lines().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}
