// An SMPP operator made of the npm package `smpp`: takes everything, sends a receipt for each. A text with "keep" in it is kept until it is taken back. Writes its address to FILE.
'use strict';
const fs = require('fs');
const smpp = require('smpp');

let next = 1;
const kept = new Map();
const server = smpp.createServer((session) => {
  session.on('error', () => {});
  for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(bind, (pdu) => session.send(pdu.response({ system_id: 'node' })));
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('cancel_sm', (pdu) => {
    const known = kept.get(pdu.message_id) === `${pdu.source_addr} ${pdu.destination_addr}`;
    session.send(pdu.response({ command_status: known ? smpp.ESME_ROK : smpp.ESME_RCANCELFAIL }));
    if (!known) return;
    kept.delete(pdu.message_id);
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${pdu.message_id} sub:001 dlvrd:000 submit date:2611231200 done date:2611231200 stat:DELETED err:000 text:`,
    });
  });
  session.on('submit_sm', (pdu) => {
    const id = String(next++).padStart(10, '0');
    session.send(pdu.response({ message_id: id }));
    if (String(pdu.short_message.message).includes('keep')) {
      kept.set(id, `${pdu.source_addr} ${pdu.destination_addr}`);
      return;
    }
    const date = '2611231200';
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:${date} done date:${date} stat:DELIVRD err:000 text:`,
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(`${process.argv[2]}.new`, `127.0.0.1:${server.address().port}\n`);
  fs.renameSync(`${process.argv[2]}.new`, process.argv[2]);
});
