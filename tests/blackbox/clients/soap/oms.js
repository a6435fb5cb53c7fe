// node's `soap` against the WSDL of the Outlook Mobile Service: documents in strings, in SOAP 1.1 and 1.2.
//
// usage: node oms.js URL USER PASSWORD TO     (URL of the service, without ?wsdl)
// Prints "text <text>" of what was accepted, and "ok" at the end.
'use strict';

const assert = require('assert');
const soap = require('soap');

const [url, user, password, to] = process.argv.slice(2);
const NS = 'http://schemas.microsoft.com/office/Outlook/2006/OMS';
const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

function document(text, recipients, secret) {
    const all = recipients.map((recipient) => `<recipient>${recipient}</recipient>`).join('');
    return `<?xml version="1.0" encoding="utf-8"?><xmsData client="node" xmlns="${NS}"><user><userId>${user}</userId>` +
        `<password>${secret}</password></user><xmsHead><requiredService>SMS_SENDER</requiredService><to>${all}</to></xmsHead>` +
        `<xmsBody format="SMS"><content contentType="text/plain">${escape(text)}</content></xmsBody></xmsData>`;
}

async function story(client, name) {
    const [info] = await client.GetServiceInfoAsync({});
    assert.match(info.GetServiceInfoResult, /<authenticationType>Other<\/authenticationType>/);

    const text = `${name} Hej <åäö> & €`;
    const [sent] = await client.DeliverXmsAsync({ xmsData: document(text, [to], password) });
    assert.match(sent.DeliverXmsResult, /^<xmsResponse [^>]*><error code="ok" severity="neutral">/);
    console.log('text', text);

    const [wrong] = await client.DeliverXmsAsync({ xmsData: document('x', [to], 'wrong') });
    assert.match(wrong.DeliverXmsResult, /<error code="invalidUser" severity="failure">/);
    const [bad] = await client.DeliverXmsAsync({ xmsData: document('x', ['nobody'], password) });
    assert.match(bad.DeliverXmsResult, /<error code="invalidRecipient" .*<recipientList>nobody<\/recipientList>/);
}

async function main() {
    await story(await soap.createClientAsync(`${url}?wsdl`), 'node 1.1');
    await story(await soap.createClientAsync(`${url}?singleWsdl`, { forceSoap12Headers: true }), 'node 1.2');
    console.log('ok');
}

main().catch((error) => {
    console.error(error.stack || error, error.response && error.response.data);
    process.exit(1);
});
