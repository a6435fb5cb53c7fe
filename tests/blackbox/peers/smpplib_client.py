# The Python package smpplib as a client of an SMPP operator: HOST PORT TO TEXT. Binds, submits every part, waits for a receipt of each and
# for one message from a phone, says goodbye. Prints "sent", "receipt" and "mo" lines.
import sys

import smpplib.client
import smpplib.consts
import smpplib.gsm

host, port, to, text = sys.argv[1:5]
ids, receipts, messages = [], [], []


def received(pdu):
    words = pdu.short_message.decode("latin-1")
    if pdu.esm_class & 0x3C:
        receipts.append(pdu.receipted_message_id)
        print("receipt", pdu.source_addr.decode(), words, flush=True)
    else:
        messages.append(words)
        print("mo", pdu.source_addr.decode(), words, flush=True)
    return 0


client = smpplib.client.Client(host, int(port), timeout=60, allow_unknown_opt_params=True)
client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id))
client.set_message_received_handler(received)
client.connect()
client.bind_transceiver(system_id="python", password="secret")
parts, coding, kind = smpplib.gsm.make_parts(text)
for part in parts:
    client.send_message(
        source_addr_ton=smpplib.consts.SMPP_TON_INTL,
        source_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        source_addr="46700000000",
        dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
        dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        destination_addr=to,
        short_message=part,
        data_coding=coding,
        esm_class=kind,
        registered_delivery=True,
    )
while len(ids) < len(parts) or len(receipts) < len(parts) or not messages:
    client.read_once()
print("sent", len(parts), len(set(ids)), flush=True)
client.unbind()
client.disconnect()
