//! Generated PDUs of every kind, within the limits of the standard.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use smpp::codec::{
    Address, AlertNotification, Bind, BindResp, Body, CancelSm, CommandId, DataSm, Destination, MessageResp,
    Octets, Outbind, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SubmitMulti, SubmitMultiResp, Tlv,
    Tlvs, Unsuccessful,
};
use smpp::status::Status;

/// Any octets but NUL, at most `limit` with it.
fn string(limit: usize) -> impl Strategy<Value = Octets> {
    vec(1_u8..=255, 0..limit).prop_map(Octets::from)
}

fn address(limit: usize) -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), string(limit)).prop_map(|(ton, npi, addr)| Address { ton, npi, addr })
}

fn octets(limit: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..=limit).prop_map(Bytes::from)
}

fn tlvs() -> impl Strategy<Value = Tlvs> {
    vec((any::<u16>(), octets(12)).prop_map(|(tag, value)| Tlv { tag, value }), 0..4).prop_map(Tlvs)
}

prop_compose! {
    fn bind()(
        system_id in string(16), password in string(9), system_type in string(13),
        numbers in any::<[u8; 3]>(), address_range in string(41), tlvs in tlvs(),
    ) -> Bind {
        let [interface_version, addr_ton, addr_npi] = numbers;
        Bind { system_id, password, system_type, interface_version, addr_ton, addr_npi, address_range, tlvs }
    }
}

prop_compose! {
    fn bind_resp()(system_id in option::of(string(16)), tlvs in tlvs()) -> BindResp {
        // Optional parameters cannot stand without the field before them.
        let system_id = if tlvs.is_empty() { system_id } else { Some(system_id.unwrap_or_default()) };
        BindResp { system_id, tlvs }
    }
}

prop_compose! {
    fn message_resp()(message_id in option::of(string(65)), tlvs in tlvs()) -> MessageResp {
        let message_id = if tlvs.is_empty() { message_id } else { Some(message_id.unwrap_or_default()) };
        MessageResp { message_id, tlvs }
    }
}

prop_compose! {
    pub fn short_message()(
        service_type in string(6), source in address(21), destination in address(21), numbers in any::<[u8; 7]>(),
        schedule_delivery_time in string(17), validity_period in string(17), short_message in octets(255),
        tlvs in tlvs(),
    ) -> ShortMessage {
        let [esm_class, protocol_id, priority_flag, registered_delivery, replace_if_present_flag, data_coding,
            sm_default_msg_id] = numbers;
        ShortMessage {
            service_type, source, destination, esm_class, protocol_id, priority_flag, schedule_delivery_time,
            validity_period, registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id,
            short_message, tlvs,
        }
    }
}

prop_compose! {
    fn multi()(
        message in short_message(),
        destinations in vec(
            prop_oneof![address(21).prop_map(Destination::Sme), string(21).prop_map(Destination::List)], 0..6),
    ) -> SubmitMulti {
        SubmitMulti {
            service_type: message.service_type, source: message.source, destinations,
            esm_class: message.esm_class, protocol_id: message.protocol_id, priority_flag: message.priority_flag,
            schedule_delivery_time: message.schedule_delivery_time, validity_period: message.validity_period,
            registered_delivery: message.registered_delivery,
            replace_if_present_flag: message.replace_if_present_flag, data_coding: message.data_coding,
            sm_default_msg_id: message.sm_default_msg_id, short_message: message.short_message,
            tlvs: message.tlvs,
        }
    }
}

prop_compose! {
    fn multi_resp()(
        message_id in string(65), tlvs in tlvs(),
        unsuccessful in vec((address(21), any::<u32>()).prop_map(|(address, error_status_code)|
            Unsuccessful { address, error_status_code }), 0..4),
    ) -> SubmitMultiResp {
        SubmitMultiResp { message_id, unsuccessful, tlvs }
    }
}

prop_compose! {
    fn data()(
        service_type in string(6), source in address(65), destination in address(65), numbers in any::<[u8; 3]>(),
        tlvs in tlvs(),
    ) -> DataSm {
        let [esm_class, registered_delivery, data_coding] = numbers;
        DataSm { service_type, source, destination, esm_class, registered_delivery, data_coding, tlvs }
    }
}

prop_compose! {
    fn replace()(
        message_id in string(65), source in address(21), times in (string(17), string(17)),
        numbers in any::<[u8; 2]>(), short_message in octets(254), tlvs in tlvs(),
    ) -> ReplaceSm {
        let [registered_delivery, sm_default_msg_id] = numbers;
        ReplaceSm {
            message_id, source, schedule_delivery_time: times.0, validity_period: times.1, registered_delivery,
            sm_default_msg_id, short_message, tlvs,
        }
    }
}

prop_compose! {
    fn cancel()(
        service_type in string(6), message_id in string(65), source in address(21), destination in address(21),
        tlvs in tlvs(),
    ) -> CancelSm {
        CancelSm { service_type, message_id, source, destination, tlvs }
    }
}

prop_compose! {
    fn query_resp()(
        message_id in string(65), final_date in string(17), numbers in any::<[u8; 2]>(), tlvs in tlvs(),
    ) -> QuerySmResp {
        QuerySmResp { message_id, final_date, message_state: numbers[0], error_code: numbers[1], tlvs }
    }
}

fn session_body() -> BoxedStrategy<Body> {
    prop_oneof![
        bind().prop_map(Body::BindReceiver),
        bind().prop_map(Body::BindTransmitter),
        bind().prop_map(Body::BindTransceiver),
        bind_resp().prop_map(Body::BindReceiverResp),
        bind_resp().prop_map(Body::BindTransmitterResp),
        bind_resp().prop_map(Body::BindTransceiverResp),
        (string(16), string(9), tlvs()).prop_map(|(system_id, password, tlvs)| Body::Outbind(Outbind {
            system_id,
            password,
            tlvs
        })),
        tlvs().prop_map(Body::Unbind),
        tlvs().prop_map(Body::UnbindResp),
        tlvs().prop_map(Body::EnquireLink),
        tlvs().prop_map(Body::EnquireLinkResp),
        tlvs().prop_map(Body::GenericNack),
        tlvs().prop_map(Body::CancelSmResp),
        tlvs().prop_map(Body::ReplaceSmResp),
    ]
    .boxed()
}

fn message_body() -> BoxedStrategy<Body> {
    prop_oneof![
        short_message().prop_map(Body::SubmitSm),
        short_message().prop_map(Body::DeliverSm),
        message_resp().prop_map(Body::SubmitSmResp),
        message_resp().prop_map(Body::DeliverSmResp),
        message_resp().prop_map(Body::DataSmResp),
        data().prop_map(Body::DataSm),
        multi().prop_map(Body::SubmitMulti),
        option::of(multi_resp()).prop_map(Body::SubmitMultiResp),
        (string(65), address(21), tlvs()).prop_map(|(message_id, source, tlvs)| Body::QuerySm(QuerySm {
            message_id,
            source,
            tlvs
        })),
        option::of(query_resp()).prop_map(Body::QuerySmResp),
        cancel().prop_map(Body::CancelSm),
        replace().prop_map(Body::ReplaceSm),
        (address(65), address(65), tlvs()).prop_map(|(source, esme, tlvs)| {
            Body::AlertNotification(AlertNotification { source, esme, tlvs })
        }),
        octets(40).prop_map(|payload| Body::Unknown { command_id: CommandId::BROADCAST_SM, payload }),
    ]
    .boxed()
}

/// A PDU of any kind.
pub fn pdu() -> impl Strategy<Value = Pdu> {
    (any::<u32>(), any::<u32>(), prop_oneof![session_body(), message_body()])
        .prop_map(|(status, sequence, body)| Pdu { status: Status(status), sequence, body })
}
