//! PDUs and receipts as JSON objects, with the standard's names of their fields.

use bytes::BytesMut;
use serde_json::{Map, Value, json};
use smpp::codec::{
    self, Address, AlertNotification, Bind, BindResp, Body, CancelSm, DataSm, Decoded, Destination,
    MessageResp, Octets, Outbind, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SubmitMulti,
    SubmitMultiResp, Tlvs, Warning,
};
use smpp::receipt::{Detect, LabelledFields, ParsedReceipt};

/// A PDU: header, fields, optional parameters, and what was odd.
pub(super) fn pdu(decoded: &Decoded) -> Value {
    let pdu = &decoded.pdu;
    let mut out = Fields(Map::new());
    out.put("command_length", decoded.command_length);
    out.put("command_id", format!("{:08X}", pdu.command_id().0));
    out.put("name", pdu.command_id().name().unwrap_or("unknown"));
    out.put("command_status", pdu.status.0);
    out.put("status", pdu.status.name().unwrap_or("unknown"));
    out.put("sequence_number", pdu.sequence);
    out.body(&pdu.body);
    if !decoded.warnings.is_empty() {
        out.put("warnings", decoded.warnings.iter().map(Warning::to_string).collect::<Vec<_>>());
    }
    if !decoded.trailing.is_empty() {
        out.put("trailing_hex", hex(&decoded.trailing));
    }
    // As we would write it: the same, when it keeps the standard. What does not cannot be written.
    let mut again = BytesMut::new();
    if codec::encode(pdu, &mut again).is_ok() {
        out.put("wire", hex(&again));
    }
    Value::Object(out.0)
}

/// The labelled fields of a receipt text; only those that are there.
pub(super) fn labels(fields: &LabelledFields<'_>) -> Value {
    let all = [
        ("id", fields.id),
        ("sub", fields.sub),
        ("dlvrd", fields.dlvrd),
        ("submit_date", fields.submit_date),
        ("done_date", fields.done_date),
        ("stat", fields.stat),
        ("err", fields.err),
        ("text", fields.text),
    ];
    let there = all.into_iter().filter_map(|(name, value)| {
        Some((name.to_owned(), Value::from(String::from_utf8_lossy(value?).into_owned())))
    });
    Value::Object(there.collect())
}

/// What a receipt says in the end.
pub(super) fn receipt(receipt: &ParsedReceipt) -> Value {
    let mut out = Fields(Map::new());
    out.put("id", receipt.id.clone());
    out.put("stat", receipt.state.word());
    out.put("final", receipt.is_final());
    for (name, date) in [("submit_date", receipt.submit_at), ("done_date", receipt.done_at)] {
        if let Some(date) = date {
            out.put(name, date.to_string());
        }
    }
    if let Some(err) = &receipt.err {
        out.put("err", err.as_str());
    }
    Value::Object(out.0)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// An object that is being filled.
struct Fields(Map<String, Value>);

impl Fields {
    fn body(&mut self, body: &Body) {
        match body {
            Body::BindReceiver(bind) | Body::BindTransmitter(bind) | Body::BindTransceiver(bind) => {
                self.bind(bind)
            }
            Body::BindReceiverResp(resp)
            | Body::BindTransmitterResp(resp)
            | Body::BindTransceiverResp(resp) => self.bind_resp(resp),
            Body::Outbind(outbind) => self.outbind(outbind),
            Body::SubmitSm(message) => self.message(message),
            Body::DeliverSm(message) => {
                self.message(message);
                self.receipt(ParsedReceipt::from_deliver(message, Detect::ByClass));
            }
            Body::DataSm(message) => {
                self.data(message);
                self.receipt(ParsedReceipt::from_data(message, Detect::ByClass));
            }
            Body::SubmitSmResp(resp) | Body::DeliverSmResp(resp) | Body::DataSmResp(resp) => {
                self.message_resp(resp);
            }
            Body::SubmitMulti(multi) => self.multi(multi),
            Body::SubmitMultiResp(resp) => resp.iter().for_each(|resp| self.multi_resp(resp)),
            Body::QuerySm(query) => self.query(query),
            Body::QuerySmResp(resp) => resp.iter().for_each(|resp| self.query_resp(resp)),
            Body::CancelSm(cancel) => self.cancel(cancel),
            Body::ReplaceSm(replace) => self.replace(replace),
            Body::AlertNotification(alert) => self.alert(alert),
            Body::Unbind(tlvs)
            | Body::UnbindResp(tlvs)
            | Body::EnquireLink(tlvs)
            | Body::EnquireLinkResp(tlvs)
            | Body::GenericNack(tlvs)
            | Body::CancelSmResp(tlvs)
            | Body::ReplaceSmResp(tlvs) => self.tlvs(tlvs),
            Body::Unknown { payload, .. } => self.put("payload_hex", hex(payload)),
        }
    }

    fn bind(&mut self, bind: &Bind) {
        self.string("system_id", &bind.system_id);
        self.string("password", &bind.password);
        self.string("system_type", &bind.system_type);
        self.put("interface_version", bind.interface_version);
        self.put("addr_ton", bind.addr_ton);
        self.put("addr_npi", bind.addr_npi);
        self.string("address_range", &bind.address_range);
        self.tlvs(&bind.tlvs);
    }

    fn bind_resp(&mut self, resp: &BindResp) {
        if let Some(system_id) = &resp.system_id {
            self.string("system_id", system_id);
        }
        self.tlvs(&resp.tlvs);
    }

    fn outbind(&mut self, outbind: &Outbind) {
        self.string("system_id", &outbind.system_id);
        self.string("password", &outbind.password);
        self.tlvs(&outbind.tlvs);
    }

    fn message(&mut self, message: &ShortMessage) {
        self.string("service_type", &message.service_type);
        self.source(&message.source);
        self.destination(&message.destination);
        self.put("esm_class", message.esm_class);
        self.put("protocol_id", message.protocol_id);
        self.put("priority_flag", message.priority_flag);
        self.string("schedule_delivery_time", &message.schedule_delivery_time);
        self.string("validity_period", &message.validity_period);
        self.put("registered_delivery", message.registered_delivery);
        self.put("replace_if_present_flag", message.replace_if_present_flag);
        self.put("data_coding", message.data_coding);
        self.put("sm_default_msg_id", message.sm_default_msg_id);
        self.short_message(&message.short_message);
        self.tlvs(&message.tlvs);
    }

    fn multi(&mut self, multi: &SubmitMulti) {
        self.string("service_type", &multi.service_type);
        self.source(&multi.source);
        self.put("number_of_dests", multi.destinations.len());
        let destinations = multi.destinations.iter().map(|destination| match destination {
            Destination::Sme(address) => {
                json!({"dest_flag": 1, "ton": address.ton, "npi": address.npi, "addr": address.addr.text()})
            }
            Destination::List(name) => json!({"dest_flag": 2, "dl_name": name.text()}),
        });
        self.put("dests", destinations.collect::<Vec<_>>());
        self.put("esm_class", multi.esm_class);
        self.put("protocol_id", multi.protocol_id);
        self.put("priority_flag", multi.priority_flag);
        self.string("schedule_delivery_time", &multi.schedule_delivery_time);
        self.string("validity_period", &multi.validity_period);
        self.put("registered_delivery", multi.registered_delivery);
        self.put("replace_if_present_flag", multi.replace_if_present_flag);
        self.put("data_coding", multi.data_coding);
        self.put("sm_default_msg_id", multi.sm_default_msg_id);
        self.short_message(&multi.short_message);
        self.tlvs(&multi.tlvs);
    }

    fn data(&mut self, message: &DataSm) {
        self.string("service_type", &message.service_type);
        self.source(&message.source);
        self.destination(&message.destination);
        self.put("esm_class", message.esm_class);
        self.put("registered_delivery", message.registered_delivery);
        self.put("data_coding", message.data_coding);
        self.tlvs(&message.tlvs);
    }

    fn message_resp(&mut self, resp: &MessageResp) {
        if let Some(message_id) = &resp.message_id {
            self.string("message_id", message_id);
        }
        self.tlvs(&resp.tlvs);
    }

    fn multi_resp(&mut self, resp: &SubmitMultiResp) {
        self.string("message_id", &resp.message_id);
        self.put("no_unsuccess", resp.unsuccessful.len());
        let entries = resp.unsuccessful.iter().map(|entry| {
            let Address { ton, npi, addr } = &entry.address;
            json!({"ton": ton, "npi": npi, "addr": addr.text(), "error_status_code": entry.error_status_code})
        });
        self.put("unsuccess", entries.collect::<Vec<_>>());
        self.tlvs(&resp.tlvs);
    }

    fn query(&mut self, query: &QuerySm) {
        self.string("message_id", &query.message_id);
        self.source(&query.source);
        self.tlvs(&query.tlvs);
    }

    fn query_resp(&mut self, resp: &QuerySmResp) {
        self.string("message_id", &resp.message_id);
        self.string("final_date", &resp.final_date);
        self.put("message_state", resp.message_state);
        self.put("error_code", resp.error_code);
        self.tlvs(&resp.tlvs);
    }

    fn cancel(&mut self, cancel: &CancelSm) {
        self.string("service_type", &cancel.service_type);
        self.string("message_id", &cancel.message_id);
        self.source(&cancel.source);
        self.destination(&cancel.destination);
        self.tlvs(&cancel.tlvs);
    }

    fn replace(&mut self, replace: &ReplaceSm) {
        self.string("message_id", &replace.message_id);
        self.source(&replace.source);
        self.string("schedule_delivery_time", &replace.schedule_delivery_time);
        self.string("validity_period", &replace.validity_period);
        self.put("registered_delivery", replace.registered_delivery);
        self.put("sm_default_msg_id", replace.sm_default_msg_id);
        self.short_message(&replace.short_message);
        self.tlvs(&replace.tlvs);
    }

    fn alert(&mut self, alert: &AlertNotification) {
        self.source(&alert.source);
        self.address(["esme_addr_ton", "esme_addr_npi", "esme_addr"], &alert.esme);
        self.tlvs(&alert.tlvs);
    }

    fn receipt(&mut self, found: Option<ParsedReceipt>) {
        if let Some(found) = found {
            self.put("receipt", receipt(&found));
        }
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn string(&mut self, name: &str, value: &Octets) {
        self.put(name, value.text());
    }

    fn address(&mut self, [ton, npi, addr]: [&str; 3], address: &Address) {
        self.put(ton, address.ton);
        self.put(npi, address.npi);
        self.string(addr, &address.addr);
    }

    fn source(&mut self, address: &Address) {
        self.address(["source_addr_ton", "source_addr_npi", "source_addr"], address);
    }

    fn destination(&mut self, address: &Address) {
        self.address(["dest_addr_ton", "dest_addr_npi", "destination_addr"], address);
    }

    fn short_message(&mut self, octets: &[u8]) {
        self.put("sm_length", octets.len());
        self.put("short_message_hex", hex(octets));
    }

    fn tlvs(&mut self, tlvs: &Tlvs) {
        if !tlvs.is_empty() {
            let list = tlvs
                .0
                .iter()
                .map(|tlv| json!({"tag": format!("{:04X}", tlv.tag), "value_hex": hex(&tlv.value)}));
            self.put("tlvs", list.collect::<Vec<_>>());
        }
    }
}
