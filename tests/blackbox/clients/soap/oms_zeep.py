"""zeep against the WSDL of the Outlook Mobile Service: documents in strings, in SOAP 1.1 and 1.2.

usage: oms_zeep.py URL USER PASSWORD TO     (URL of the service, without ?wsdl)
Prints "text <text>" of what was accepted to be sent at once, "later <text>" of what was to be sent later, and "ok" at the end.
"""

import datetime
import sys

import requests
import zeep
from lxml import etree
from zeep.plugins import HistoryPlugin

url, user, password, to = sys.argv[1:5]
NS = "http://schemas.microsoft.com/office/Outlook/2006/OMS"
OMS = "{%s}" % NS
INFO = "{%s/serviceInfo}" % NS


class Valid(HistoryPlugin):
    """Holds everything that is sent and received against the schema in the WSDL."""

    def __init__(self):
        super().__init__()
        wsdl = etree.fromstring(requests.get(url + "?wsdl").content)
        self.schema = etree.XMLSchema(wsdl.find(".//{http://www.w3.org/2001/XMLSchema}schema"))

    def check(self, envelope):
        for body in envelope.iter("{*}Body"):
            if not body[0].tag.endswith("Fault"):
                self.schema.assertValid(etree.fromstring(etree.tostring(body[0])))

    def ingress(self, envelope, headers, operation):
        self.check(envelope)
        return envelope, headers

    def egress(self, envelope, headers, operation, binding_options):
        self.check(envelope)
        return envelope, headers


def document(root, declaration='<?xml version="1.0" encoding="utf-16"?>'):
    """As .NET writes one into a string: the declaration speaks of another encoding than the string has in the end."""
    return declaration + etree.tostring(root, encoding="unicode")


def who(parent, name=user, secret=password, phone=None):
    etree.SubElement(parent, OMS + "userId").text = name
    etree.SubElement(parent, OMS + "password").text = secret
    if phone:
        etree.SubElement(parent, OMS + "replyPhone").text = phone
    etree.SubElement(parent, OMS + "customData")


def xms_data(texts, recipients=(to,), scheduled=None, secret=password, service="SMS_SENDER", own=True, **attributes):
    root = etree.Element(OMS + "xmsData", client="Microsoft Office Outlook 14.0", nsmap={None: NS}, **attributes)
    if own:
        who(etree.SubElement(root, OMS + "user"), secret=secret, phone="+46707654321")
    head = etree.SubElement(root, OMS + "xmsHead")
    if scheduled:
        etree.SubElement(head, OMS + "scheduled").text = scheduled.strftime("%Y-%m-%dT%H:%M:%SZ")
    etree.SubElement(head, OMS + "requiredService").text = service
    for recipient in recipients:
        found = head.find(OMS + "to")
        found = etree.SubElement(head, OMS + "to") if found is None else found
        etree.SubElement(found, OMS + "recipient").text = recipient
    body = etree.SubElement(root, OMS + "xmsBody", format="SMS")
    for text in texts:
        etree.SubElement(body, OMS + "content", contentType="text/plain").text = text
    return root


def errors(response):
    return [
        (e.get("code"), e.get("severity"), e.findtext(OMS + "recipientList"))
        for e in response.iter(OMS + "error")
    ]


def story(service, name):
    info = etree.fromstring(service.GetServiceInfo())
    assert info.tag == INFO + "serviceInfo" and info.findtext(INFO + "serviceUri") == url, etree.tostring(info)
    assert info.findtext(INFO + "localName") == "Kommunens SMS"
    sender = info.find(f"{INFO}supportedService/{INFO}SMS_SENDER")
    assert sender.get("maxRecipientsPerMessage") == "3" and sender.get("maxMessagesPerSend") == "20"

    person = etree.Element(OMS + "xmsUser", client="Microsoft Office Outlook 14.0", nsmap={None: NS})
    who(person)
    found = etree.fromstring(service.GetUserInfo(document(person)))
    assert found.findtext(OMS + "smtpAddress") == "alarm@example.test", etree.tostring(found)
    assert errors(found) == [("ok", "neutral", None)]
    stranger = etree.Element(OMS + "xmsUser", nsmap={None: NS})
    who(stranger, secret="wrong")
    # Wrong passwords are braked, so not many of them.
    if name == "11":
        got = errors(etree.fromstring(service.GetUserInfo(document(stranger))))
        assert got == [("invalidUser", "failure", None)], got

    def deliver(send=service.DeliverXms, **how):
        return errors(etree.fromstring(send(document(xms_data(**how)))))

    ok = ("ok", "neutral", None)
    text = f"{name} Hej <åäö> & €"
    assert deliver(texts=[text], recipients=[to, "nobody"]) == [("invalidRecipient", "failure", "nobody"), ok]
    print("text", text)
    text = f"{name} the old name"
    assert deliver(service.SendXms, texts=[text]) == [ok]
    print("text", text)
    # Cut by the client, put together here: one message of two parts.
    assert deliver(texts=[name + "a" * 156, "b" * 40]) == [ok]
    print("text", name + "a" * 156 + "b" * 40)
    now = datetime.datetime.now(datetime.timezone.utc)
    text = f"{name} in ten seconds is now"
    assert deliver(texts=[text], scheduled=now + datetime.timedelta(seconds=10)) == [ok]
    print("text", text)
    text = f"{name} tomorrow"
    assert deliver(texts=[text], scheduled=now + datetime.timedelta(days=1)) == [ok]
    print("later", text)

    if name == "11":
        assert deliver(texts=["x"], secret="wrong") == [("invalidUser", "failure", None)]
    assert deliver(texts=["x"], recipients=["nobody"]) == [("invalidRecipient", "failure", "nobody")]
    assert deliver(texts=["x"], recipients=[to] * 4) == [("other", "failure", None)]
    assert deliver(texts=["x"], service="MMS_SENDER") == [("unregisteredService", "failure", None)]
    assert deliver(texts=["x" * 5000]) == [("lengthLimit", "failure", None)]

    batch = etree.Element(OMS + "xmsBatch", nsmap={None: NS})
    who(etree.SubElement(batch, OMS + "user"))
    # The same text twice in a batch, under the same id: somebody may mean that.
    for text in ["one", "one", ""]:
        batch.append(xms_data([text and f"{name} batch {text}"], own=False, id="7"))
    batch.append(xms_data(["x"], secret="wrong", id="8"))
    responses = etree.fromstring(service.DeliverXmsBatch(document(batch)))
    assert responses.tag == OMS + "xmsResponses"
    got = [(response.get("id"), errors(response)[0][0]) for response in responses]
    assert got == [("7", "ok"), ("7", "ok"), ("7", "other"), ("8", "invalidUser")], got
    print("text", f"{name} batch one")
    print("text", f"{name} batch one")

    try:
        service.DeliverXms("<xmsData>")
        raise SystemExit("there was no fault")
    except zeep.exceptions.Fault as fault:
        assert fault.detail.find(".//{*}code").text == "malformed"


story(zeep.Client(url + "?wsdl", plugins=[Valid()]).bind("OMS", "OMSSoap"), "11")
story(zeep.Client(url + "?singleWsdl", plugins=[Valid()]).bind("OMS", "OMSSoap12"), "12")

# Who has no login in his document shows it outside.
session = requests.Session()
session.auth = (user, password)
service = zeep.Client(url + "?wsdl", transport=zeep.Transport(session=session)).service
answer = etree.fromstring(service.DeliverXms(document(xms_data(["by Basic"], own=False))))
assert errors(answer) == [("ok", "neutral", None)]
print("text", "by Basic")
print("ok")
