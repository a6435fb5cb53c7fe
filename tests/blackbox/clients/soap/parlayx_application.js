// An application of Parlay X made of the npm package `soap`: it serves SmsNotification from the WSDL and prints a JSON line for each call.
// The first call of each operation is answered with a fault.
//
// usage: node parlayx_application.js WSDL FILE     (FILE gets the address)
'use strict';
const fs = require('fs');
const http = require('http');
const soap = require('soap');

const [wsdl, file] = process.argv.slice(2);
const seen = new Set();

function once(name, args) {
  if (!seen.has(name)) {
    seen.add(name);
    throw { Fault: { faultcode: 'soap:Server', faultstring: 'not yet' } };
  }
  console.log(JSON.stringify({ operation: name, ...args }));
  return {};
}

const port = {
  notifySmsReception: (args) => once('notifySmsReception', args),
  notifySmsDeliveryReceipt: (args) => once('notifySmsDeliveryReceipt', args),
};
const server = http.createServer((request, response) => response.end());
server.listen(0, '127.0.0.1', () => {
  soap.listen(server, '/notify', { SmsNotificationService: { SmsNotification: port } }, fs.readFileSync(wsdl, 'utf8'));
  fs.writeFileSync(`${file}.new`, `127.0.0.1:${server.address().port}`);
  fs.renameSync(`${file}.new`, file);
});
