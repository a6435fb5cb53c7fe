//! Which body belongs to which command_id. One variant an id, so that a PDU cannot contradict its own header.

use bytes::Bytes;

use super::bind::{Bind, BindResp, Outbind};
use super::command::CommandId;
use super::error::{EncodeError, Malformed};
use super::multi::{SubmitMulti, SubmitMultiResp};
use super::operation::{AlertNotification, CancelSm, DataSm, QuerySm, QuerySmResp, ReplaceSm};
use super::reader::{Reader, Wire};
use super::short_message::{MessageResp, ShortMessage};
use super::tlv::Tlvs;
use super::writer::Writer;

macro_rules! bodies {
    ($($variant:ident($body:ty) = $id:ident;)*) => {
        /// The body of a PDU. `Tlvs` alone: the standard has no body there. `Option`: a response that may be the
        /// header alone.
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a short message is the usual case; a box would cost it an allocation")]
        pub enum Body {
            $(#[doc = concat!("`", stringify!($id), "`")] $variant($body),)*
            /// An id that is not spoken here, the broadcast operations of 5.0 among them; kept as it came.
            Unknown {
                /// The id.
                command_id: CommandId,
                /// All after the header.
                payload: Bytes,
            },
        }

        impl Body {
            /// The id that stands in the header.
            pub fn command_id(&self) -> CommandId {
                match self {
                    $(Body::$variant(_) => CommandId::$id,)*
                    Body::Unknown { command_id, .. } => *command_id,
                }
            }

            /// Reads the body that belongs to this id.
            pub(crate) fn read(command_id: CommandId, reader: &mut Reader<'_>) -> Result<Body, Malformed> {
                match command_id {
                    $(CommandId::$id => Ok(Body::$variant(Wire::read(reader)?)),)*
                    _ => Ok(Body::Unknown { command_id, payload: reader.rest() }),
                }
            }

            /// Appends the body.
            pub(crate) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                match self {
                    $(Body::$variant(body) => body.write(writer),)*
                    Body::Unknown { payload, .. } => {
                        writer.octets(payload);
                        Ok(())
                    }
                }
            }
        }
    };
}

bodies! {
    BindReceiver(Bind) = BIND_RECEIVER;
    BindReceiverResp(BindResp) = BIND_RECEIVER_RESP;
    BindTransmitter(Bind) = BIND_TRANSMITTER;
    BindTransmitterResp(BindResp) = BIND_TRANSMITTER_RESP;
    BindTransceiver(Bind) = BIND_TRANSCEIVER;
    BindTransceiverResp(BindResp) = BIND_TRANSCEIVER_RESP;
    Outbind(Outbind) = OUTBIND;
    Unbind(Tlvs) = UNBIND;
    UnbindResp(Tlvs) = UNBIND_RESP;
    EnquireLink(Tlvs) = ENQUIRE_LINK;
    EnquireLinkResp(Tlvs) = ENQUIRE_LINK_RESP;
    GenericNack(Tlvs) = GENERIC_NACK;
    SubmitSm(ShortMessage) = SUBMIT_SM;
    SubmitSmResp(MessageResp) = SUBMIT_SM_RESP;
    DeliverSm(ShortMessage) = DELIVER_SM;
    DeliverSmResp(MessageResp) = DELIVER_SM_RESP;
    DataSm(DataSm) = DATA_SM;
    DataSmResp(MessageResp) = DATA_SM_RESP;
    SubmitMulti(SubmitMulti) = SUBMIT_MULTI;
    SubmitMultiResp(Option<SubmitMultiResp>) = SUBMIT_MULTI_RESP;
    QuerySm(QuerySm) = QUERY_SM;
    QuerySmResp(Option<QuerySmResp>) = QUERY_SM_RESP;
    CancelSm(CancelSm) = CANCEL_SM;
    CancelSmResp(Tlvs) = CANCEL_SM_RESP;
    ReplaceSm(ReplaceSm) = REPLACE_SM;
    ReplaceSmResp(Tlvs) = REPLACE_SM_RESP;
    AlertNotification(AlertNotification) = ALERT_NOTIFICATION;
}

impl Body {
    /// The response to this request with nothing but a header; None if the standard has no such response.
    pub(crate) fn empty_response(request: CommandId) -> Option<Body> {
        Some(match request.response() {
            CommandId::BIND_RECEIVER_RESP => Body::BindReceiverResp(BindResp::default()),
            CommandId::BIND_TRANSMITTER_RESP => Body::BindTransmitterResp(BindResp::default()),
            CommandId::BIND_TRANSCEIVER_RESP => Body::BindTransceiverResp(BindResp::default()),
            CommandId::UNBIND_RESP => Body::UnbindResp(Tlvs::default()),
            CommandId::ENQUIRE_LINK_RESP => Body::EnquireLinkResp(Tlvs::default()),
            CommandId::SUBMIT_SM_RESP => Body::SubmitSmResp(MessageResp::default()),
            // The standard wants its empty message_id; some peers insist on it.
            CommandId::DELIVER_SM_RESP => Body::DeliverSmResp(MessageResp::new("")),
            CommandId::DATA_SM_RESP => Body::DataSmResp(MessageResp::new("")),
            CommandId::SUBMIT_MULTI_RESP => Body::SubmitMultiResp(None),
            CommandId::QUERY_SM_RESP => Body::QuerySmResp(None),
            CommandId::CANCEL_SM_RESP => Body::CancelSmResp(Tlvs::default()),
            CommandId::REPLACE_SM_RESP => Body::ReplaceSmResp(Tlvs::default()),
            _ => return None,
        })
    }
}

impl Wire for Tlvs {
    fn read(reader: &mut Reader<'_>) -> Result<Tlvs, Malformed> {
        Ok(reader.tlvs())
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.tlvs(self)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Option<T>, Malformed> {
        if reader.is_empty() { Ok(None) } else { T::read(reader).map(Some) }
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        self.as_ref().map_or(Ok(()), |body| body.write(writer))
    }
}
