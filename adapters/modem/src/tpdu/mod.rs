//! Short message transfer PDUs (3GPP TS 23.040 section 9.2.2) as modems exchange them: service centre address first.
//!
//! Reading clamps lengths to what is there and keeps times that make no sense as `None`; only a PDU whose fixed part is
//! cut short, or whose address is impossible, is an error. Nothing panics on any octets.

mod address;
mod deliver;
mod reader;
mod report;
mod submit;
mod time;
mod user_data;

pub use address::{Address, AddressKind};
pub use deliver::Deliver;
pub use pdu::{Dcs, relative_code, relative_minutes};
pub use report::{Outcome, StatusReport, status_words};
pub use submit::{Submit, Validity};
pub use time::Stamp;
pub use user_data::UserData;

use reader::Reader;

/// A PDU with the service centre address that stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// The service centre; `None` means the one stored in the SIM.
    pub sca: Option<Address>,
    /// The PDU itself.
    pub tpdu: Tpdu,
}

/// A transfer PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tpdu {
    /// From a mobile, by way of the service centre.
    Deliver(Deliver),
    /// To the service centre.
    Submit(Submit),
    /// What became of a submitted one.
    StatusReport(StatusReport),
}

/// Why octets are not a PDU, or a PDU not octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TpduError {
    /// The octets end before this field does.
    #[error("the PDU ends before its {0}")]
    Truncated(&'static str),
    /// An address longer than the 20 digits (12 octets) that fit.
    #[error("an address of length {0} is not possible")]
    AddressTooLong(u8),
    /// An address with a character that cannot be sent.
    #[error("the address holds a character that cannot be sent")]
    AddressCharacter,
    /// Header and text take more than the 140 octets of one message.
    #[error("the user data takes {0} octets; 140 fit")]
    UserDataTooLong(usize),
}

/// Octets of the service centre address at the start of a PDU string, its length octet included.
///
/// The length in `AT+CMGS=<n>` and in `+CMGR` counts what follows these.
pub fn sca_octets(octets: &[u8]) -> usize {
    octets.first().map_or(0, |length| usize::from(*length) + 1)
}

/// Reads a PDU with its service centre address.
///
/// # Errors
/// The fixed part is cut short, or an address is impossible.
pub fn decode(octets: &[u8]) -> Result<Pdu, TpduError> {
    let mut reader = Reader::new(octets);
    let sca = Address::read_sca(&mut reader)?;
    Ok(Pdu { sca, tpdu: read(&mut reader)? })
}

/// Reads a PDU without service centre address, as some modems give it.
///
/// # Errors
/// As [`decode`].
pub fn decode_bare(octets: &[u8]) -> Result<Tpdu, TpduError> {
    read(&mut Reader::new(octets))
}

/// Writes a PDU with its service centre address.
///
/// # Errors
/// An address or user data that does not fit.
pub fn encode(pdu: &Pdu) -> Result<Vec<u8>, TpduError> {
    let mut octets = Vec::with_capacity(176);
    match &pdu.sca {
        Some(sca) => sca.write_sca(&mut octets)?,
        None => octets.push(0),
    }
    match &pdu.tpdu {
        Tpdu::Deliver(deliver) => deliver.write(&mut octets)?,
        Tpdu::Submit(submit) => submit.write(&mut octets)?,
        Tpdu::StatusReport(report) => report.write(&mut octets)?,
    }
    Ok(octets)
}

fn read(reader: &mut Reader<'_>) -> Result<Tpdu, TpduError> {
    let first = reader.octet("first octet")?;
    match first & 0b11 {
        0b01 => Submit::read(first, reader).map(Tpdu::Submit),
        0b10 => StatusReport::read(first, reader).map(Tpdu::StatusReport),
        // 11 is reserved; a mobile reads it as a delivery.
        _ => Deliver::read(first, reader).map(Tpdu::Deliver),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;
    use domain::text::{Alphabet, Concat, SegmentBody, split};
    use proptest::prelude::*;

    const SOUND: [&str; 12] = [
        "0001000B914316565811F9000004E8373B0C",
        "0011000B914316565811F90000AA04E8373B0C",
        "0001000B914356143254F6001006E8721E947F03",
        "07914346466554F601000B914316565811F9000806304253F68449",
        "04A12143F5310D0AA110624521430000A91BD4F29C0E6A97E7F3F0B9AC03B1DFE3301BE4AEB7C565F91C",
        "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
        "07919333852804000412D0F7FBDD454FB75D693A0000903002801153402BCD301E9F0605D9E971191483C140412A35690D52832063D2F9040599A058EE05A3BD6430580E",
        "07911326060032F0000DD0D432DBFC96D30100001121313121114012D7327BFC6E9741F437885A669BDF723A",
        "07919730071111F1400B919746121611F10000811170021232230F06080412340202A0FB5BCE268700",
        "07912374151616F6040B912374786468F300002010701280334009D4E2940A6A01002D",
        "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37",
        "079124603050020006E80C91666666666666909070618422809090706184628000",
    ];

    #[test]
    fn sound_pdus_come_back_octet_for_octet() {
        for digits in SOUND {
            let octets = hex::decode(digits).unwrap();
            let pdu = decode(&octets).unwrap();
            let again = hex::encode(&encode(&pdu).unwrap());
            // One of the published PDUs has a stray bit in its padding.
            assert_eq!(again.len(), digits.len());
            assert_eq!(decode(&hex::decode(&again).unwrap()), Ok(pdu), "{digits}");
        }
    }

    #[test]
    fn segments_become_submits() {
        let text = "å€".repeat(60);
        let da = Address::parse("+46701234567").unwrap();
        for segment in split(&text, Alphabet::Gsm7, 0xAB, false).unwrap() {
            let submit = Submit::new(da.clone(), &segment, true);
            let octets = encode(&Pdu { sca: None, tpdu: Tpdu::Submit(submit) }).unwrap();
            let Tpdu::Submit(back) = decode(&octets).unwrap().tpdu else { panic!("not a submit") };
            assert_eq!(back.dcs.class(), Some(0));
            assert_eq!(back.user_data.udh().concat(), segment.concat);
            assert_eq!(back.user_data.body, segment.body);
        }
    }

    #[test]
    fn lengths_beyond_the_end_are_clamped() {
        // Says 160 octets of UCS-2, has 4.
        let octets = hex::decode("0001000B914316565811F90008A000410042").unwrap();
        let Tpdu::Submit(submit) = decode(&octets).unwrap().tpdu else { panic!("not a submit") };
        assert_eq!(submit.user_data.text().as_deref(), Some("AB"));
        // A header length beyond the end leaves no text.
        let octets = hex::decode("0041000B914316565811F9000004FF414141").unwrap();
        let Tpdu::Submit(submit) = decode(&octets).unwrap().tpdu else { panic!("not a submit") };
        assert_eq!(submit.user_data.text().as_deref(), Some(""));
    }

    #[test]
    fn impossible_pdus_are_errors() {
        for (digits, error) in [
            ("", TpduError::Truncated("service centre address")),
            ("00", TpduError::Truncated("first octet")),
            ("0791", TpduError::Truncated("service centre address")),
            ("FF", TpduError::AddressTooLong(255)),
            ("000100", TpduError::Truncated("address")),
            ("00010015910000", TpduError::AddressTooLong(21)),
            ("0001000B914316565811F900", TpduError::Truncated("data coding scheme")),
        ] {
            assert_eq!(decode(&hex::decode(digits).unwrap()), Err(error), "{digits}");
        }
    }

    #[test]
    fn too_much_user_data_is_refused() {
        let header = Concat { reference: 1, wide: false, total: 2, seq: 1 }.header();
        let user_data = UserData::new(header, SegmentBody::Binary(vec![0; 135]));
        let submit = Submit {
            user_data,
            ..Submit::new(
                Address::parse("112").unwrap(),
                &split("", Alphabet::Gsm7, 0, false).unwrap()[0],
                false,
            )
        };
        assert_eq!(
            encode(&Pdu { sca: None, tpdu: Tpdu::Submit(submit) }),
            Err(TpduError::UserDataTooLong(141))
        );
    }

    proptest! {
        #[test]
        fn any_octets_decode_or_fail(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(pdu) = decode(&octets) {
                let _ = encode(&pdu);
            }
            let _ = decode_bare(&octets);
        }

        #[test]
        fn cut_and_bent_pdus_decode_or_fail(n in 0usize..12, cut in 0usize..90, at in 0usize..90, with: u8) {
            let mut octets = hex::decode(SOUND[n]).unwrap();
            octets.truncate(cut);
            if let Some(octet) = octets.get_mut(at) {
                *octet = with;
            }
            if let Ok(pdu) = decode(&octets) {
                let _ = encode(&pdu);
            }
        }
    }
}
