// The npm package `smpp` as a client of an SMPP operator: HOST PORT TO TEXT. Binds, submits, waits for a receipt and for one message from a
// phone, says goodbye. Prints "sent", "receipt" and "mo" lines.
'use strict';
const smpp = require('smpp');

const [host, port, to, text] = process.argv.slice(2);
const session = smpp.connect({ url: `smpp://${host}:${port}`, auto_enquire_link_period: 1000 });
let id = null;
let receipt = false;
let mo = false;

const words = (pdu) => String(pdu.short_message.message);
const done = () => {
  if (id !== null && receipt && mo) session.unbind(() => { session.close(); process.exit(0); });
};

session.on('error', (error) => { console.error(String(error)); process.exit(1); });
session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  if (pdu.esm_class & 0x3c) {
    receipt = true;
    console.log('receipt', pdu.source_addr, words(pdu));
  } else {
    mo = true;
    console.log('mo', pdu.source_addr, words(pdu));
  }
  done();
});
session.bind_transceiver({ system_id: 'node', password: 'secret' }, (answer) => {
  if (answer.command_status !== 0) { console.error(`bind: ${answer.command_status}`); process.exit(1); }
  session.submit_sm({ destination_addr: to, short_message: text, registered_delivery: 1 }, (reply) => {
    if (reply.command_status !== 0) { console.error(`submit: ${reply.command_status}`); process.exit(1); }
    id = reply.message_id;
    console.log('sent', id);
    done();
  });
});
