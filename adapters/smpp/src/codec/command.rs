//! command_id (section 5.1.2.1): which operation a PDU is.
//!
//! Any number is a `CommandId`, so that an unknown one can be answered and logged.

use std::fmt;

/// The command_id of a PDU.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u32);

/// Set in the id of a response.
const RESPONSE: u32 = 0x8000_0000;

macro_rules! commands {
    ($($constant:ident = $id:literal $name:literal;)*) => {
        impl CommandId {
            $(#[doc = concat!("`", $name, "`")] pub const $constant: CommandId = CommandId($id);)*

            /// The standard's name, or None for an id that no version of the standard knows.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($id => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

commands! {
    BIND_RECEIVER = 0x0000_0001 "bind_receiver";
    BIND_RECEIVER_RESP = 0x8000_0001 "bind_receiver_resp";
    BIND_TRANSMITTER = 0x0000_0002 "bind_transmitter";
    BIND_TRANSMITTER_RESP = 0x8000_0002 "bind_transmitter_resp";
    QUERY_SM = 0x0000_0003 "query_sm";
    QUERY_SM_RESP = 0x8000_0003 "query_sm_resp";
    SUBMIT_SM = 0x0000_0004 "submit_sm";
    SUBMIT_SM_RESP = 0x8000_0004 "submit_sm_resp";
    DELIVER_SM = 0x0000_0005 "deliver_sm";
    DELIVER_SM_RESP = 0x8000_0005 "deliver_sm_resp";
    UNBIND = 0x0000_0006 "unbind";
    UNBIND_RESP = 0x8000_0006 "unbind_resp";
    REPLACE_SM = 0x0000_0007 "replace_sm";
    REPLACE_SM_RESP = 0x8000_0007 "replace_sm_resp";
    CANCEL_SM = 0x0000_0008 "cancel_sm";
    CANCEL_SM_RESP = 0x8000_0008 "cancel_sm_resp";
    BIND_TRANSCEIVER = 0x0000_0009 "bind_transceiver";
    BIND_TRANSCEIVER_RESP = 0x8000_0009 "bind_transceiver_resp";
    OUTBIND = 0x0000_000B "outbind";
    ENQUIRE_LINK = 0x0000_0015 "enquire_link";
    ENQUIRE_LINK_RESP = 0x8000_0015 "enquire_link_resp";
    SUBMIT_MULTI = 0x0000_0021 "submit_multi";
    SUBMIT_MULTI_RESP = 0x8000_0021 "submit_multi_resp";
    ALERT_NOTIFICATION = 0x0000_0102 "alert_notification";
    DATA_SM = 0x0000_0103 "data_sm";
    DATA_SM_RESP = 0x8000_0103 "data_sm_resp";
    BROADCAST_SM = 0x0000_0111 "broadcast_sm";
    BROADCAST_SM_RESP = 0x8000_0111 "broadcast_sm_resp";
    QUERY_BROADCAST_SM = 0x0000_0112 "query_broadcast_sm";
    QUERY_BROADCAST_SM_RESP = 0x8000_0112 "query_broadcast_sm_resp";
    CANCEL_BROADCAST_SM = 0x0000_0113 "cancel_broadcast_sm";
    CANCEL_BROADCAST_SM_RESP = 0x8000_0113 "cancel_broadcast_sm_resp";
    GENERIC_NACK = 0x8000_0000 "generic_nack";
}

impl CommandId {
    /// Whether this answers something (generic_nack included). A response is never answered.
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE != 0
    }

    /// The id of the response to this request; a response gives itself.
    pub const fn response(self) -> CommandId {
        CommandId(self.0 | RESPONSE)
    }

    /// Whether the standard has a response for this request: all but outbind and alert_notification.
    pub const fn is_answered(self) -> bool {
        !self.is_response() && self.0 != Self::OUTBIND.0 && self.0 != Self::ALERT_NOTIFICATION.0
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => out.write_str(name),
            None => write!(out, "command {:08X}", self.0),
        }
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_its_request_with_the_high_bit() {
        assert_eq!(CommandId::SUBMIT_SM.response(), CommandId::SUBMIT_SM_RESP);
        assert!(CommandId::GENERIC_NACK.is_response());
        assert!(!CommandId::ENQUIRE_LINK.is_response());
        assert!(CommandId::ENQUIRE_LINK.is_answered());
        assert!(!CommandId::OUTBIND.is_answered());
        assert_eq!(format!("{:?} {}", CommandId(0x99), CommandId::DATA_SM), "command 00000099 data_sm");
    }
}
