// node's `soap` against the gateway's WSDL: SOAP 1.1 with a UsernameToken, then SOAP 1.2 with Basic.
//
// usage: node client.js URL USER PASSWORD TO     (URL of the service, without ?wsdl)
// Prints "id <message id>" of what was sent, and "ok" at the end.
'use strict';

const assert = require('assert');
const soap = require('soap');

const [url, user, password, to] = process.argv.slice(2);

// The code of the fault that a call must end in.
async function faultOf(call) {
    try {
        await call();
    } catch (error) {
        const fault = error.root.Envelope.Body.Fault;
        const detail = fault.detail || fault.Detail;
        return detail.GatewayFault.code;
    }
    throw new Error('there was no fault');
}

const list = (value) => (value === undefined || value === null ? [] : [].concat(value));

async function story(client, name) {
    const [pong] = await client.PingAsync({});
    assert.strictEqual(pong.user, user);

    const sms = { to: [to, 'nobody'], text: 'Hej från node <åäö> & €', flash: false, reference: name };
    const [accepted] = await client.SendSmsAsync(sms);
    const message = list(accepted.message)[0];
    assert.strictEqual(list(accepted.refused)[0].code, 'invalid_number');
    console.log('id', message.id);

    const [status] = await client.GetStatusAsync({ id: [message.id, '1'] });
    assert.strictEqual(list(status.status)[0].id, message.id);
    assert.strictEqual(list(status.notFound)[0], '1');

    const [batch] = await client.SendSmsBatchAsync({ sms: [{ to, text: 'ett' }, { to, text: '' }] });
    assert.strictEqual(Number(batch.accepted), 1);
    assert.strictEqual(batch.result[1].fault.code, 'no_text');
    console.log('id', list(batch.result[0].message)[0].id);

    assert.strictEqual(await faultOf(() => client.SendSmsAsync({ to, text: '' })), 'no_text');
    assert.strictEqual(await faultOf(() => client.CancelSmsAsync({ id: '1' })), 'not_found');
    const [inbox] = await client.GetReceivedAsync({ max: 10 });
    for (const received of list(inbox.received)) {
        const [acknowledged] = await client.AckReceivedAsync({ id: [received.id] });
        assert.strictEqual(Number(acknowledged.acknowledged), 1);
    }
    const [balance] = await client.GetBalanceAsync({});
    assert.strictEqual(String(balance.unlimited), 'true');
}

async function main() {
    const first = await soap.createClientAsync(`${url}?wsdl`);
    first.setSecurity(new soap.WSSecurity(user, password, { passwordType: 'PasswordText', hasTimeStamp: true, hasNonce: true, mustUnderstand: true }));
    await story(first, 'node 1.1');

    const second = await soap.createClientAsync(`${url}?singleWsdl`, { forceSoap12Headers: true });
    second.setSecurity(new soap.BasicAuthSecurity(user, password));
    await story(second, 'node 1.2');

    first.setSecurity(new soap.BasicAuthSecurity(user, 'wrong'));
    assert.strictEqual(await faultOf(() => first.GetBalanceAsync({})), 'not_authenticated');
    console.log('ok');
}

main().catch((error) => {
    console.error(error.stack || error, error.response && error.response.data);
    process.exit(1);
});
