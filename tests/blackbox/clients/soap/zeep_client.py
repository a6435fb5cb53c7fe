"""zeep against the gateway's WSDL: SOAP 1.1 with a UsernameToken, then SOAP 1.2 with Basic.

usage: zeep_client.py URL USER PASSWORD TO     (URL of the service, without ?wsdl)
Prints "id <message id>" of what was sent, and "ok" at the end.
"""

import datetime
import sys
import uuid

import requests
import zeep
from lxml import etree
from zeep.plugins import HistoryPlugin
from zeep.wsse.username import UsernameToken

url, user, password, to = sys.argv[1:5]


class Valid(HistoryPlugin):
    """Holds everything that is sent and received against the schema in the WSDL."""

    def __init__(self):
        super().__init__()
        wsdl = etree.fromstring(requests.get(url + "?wsdl").content)
        self.schema = etree.XMLSchema(wsdl.find(".//{http://www.w3.org/2001/XMLSchema}schema"))

    def check(self, envelope):
        for body in envelope.iter("{*}Body"):
            fault = body.find(".//{urn:omnigate:gateway:1}GatewayFault")
            content = body[0] if fault is None else fault
            self.schema.assertValid(etree.fromstring(etree.tostring(content)))

    def ingress(self, envelope, headers, operation):
        self.check(envelope)
        return envelope, headers

    def egress(self, envelope, headers, operation, binding_options):
        self.check(envelope)
        return envelope, headers


def fault_of(call):
    try:
        call()
    except zeep.exceptions.Fault as fault:
        code = fault.detail.find(".//{urn:omnigate:gateway:1}code")
        return code.text
    raise SystemExit("there was no fault")


def story(client, service, key):
    assert service.Ping()["user"] == user
    accepted = service.SendSms(
        to=[to, "nobody"],
        text="Hej från zeep <åäö> & €",
        flash=False,
        priority="high",
        reference="zeep " + key,
        validForSeconds=3600,
        validUntil=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2),
        sendAt=datetime.datetime.now(datetime.timezone.utc),
        dimensions={"company": "A", "costCentre": "42"},
        clientReference=str(uuid.uuid4()),
    )
    assert not accepted["repeated"]
    assert len(accepted["message"]) == 1 and accepted["message"][0]["segments"] == 1, accepted
    assert accepted["refused"][0]["code"] == "invalid_number", accepted
    message = accepted["message"][0]["id"]
    print("id", message)

    status = service.GetStatus(id=[message, "1"])
    assert status["status"][0]["id"] == message and status["notFound"] == ["1"], status
    assert status["status"][0]["acceptedAt"].tzinfo is not None

    batch = service.SendSmsBatch(sms=[{"to": [to], "text": "ett"}, {"to": [to], "text": ""}])
    assert batch["accepted"] == 1 and batch["result"][1]["fault"]["code"] == "no_text", batch
    print("id", batch["result"][0]["message"][0]["id"])

    assert fault_of(lambda: service.SendSms(to=[to], text="")) == "no_text"
    assert fault_of(lambda: service.CancelSms(id="1")) == "not_found"
    assert fault_of(lambda: service.CancelSms(id="1", recall=True)) == "not_found"
    for received in service.GetReceived(max=10)["received"]:
        assert service.AckReceived(id=[received["id"]])["acknowledged"] == 1
    assert service.GetBalance()["unlimited"] is True


client = zeep.Client(url + "?wsdl", wsse=UsernameToken(user, password), plugins=[Valid()])
story(client, client.bind("GatewayService", "GatewaySoap"), "11")

session = requests.Session()
session.auth = (user, password)
client = zeep.Client(url + "?singleWsdl", transport=zeep.Transport(session=session), plugins=[Valid()])
story(client, client.bind("GatewayService", "GatewaySoap12"), "12")

# The same clientReference: with the same content the first answer again, with another a fault.
again = dict(to=[to], text="en gång", clientReference=str(uuid.uuid4()))
first = client.service.SendSms(**again)
second = client.service.SendSms(**again)
assert second["repeated"] and first["message"][0]["id"] == second["message"][0]["id"]
print("id", first["message"][0]["id"])
assert fault_of(lambda: client.service.SendSms(**{**again, "text": "två"})) == "idempotency_conflict"

stranger = zeep.Client(url + "?wsdl", wsse=UsernameToken(user, "wrong"))
assert fault_of(lambda: stranger.service.GetBalance()) == "not_authenticated"
digest = zeep.Client(url + "?wsdl", wsse=UsernameToken(user, password, use_digest=True))
assert fault_of(lambda: digest.service.GetBalance()) == "not_authenticated"
print("ok")
