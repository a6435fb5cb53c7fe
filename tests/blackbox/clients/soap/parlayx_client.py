"""zeep against the gateway's Parlay X services, one step a run.

usage: parlayx_client.py BASE USER PASSWORD STEP [ARGUMENTS]     (BASE: http://host:port/soap/parlayx)
  send ENDPOINT CORRELATOR TEXT TO..    prints the request's identifier
  status ID                             prints "address status" lines
  refused TO                            everything that must end in an exception; prints "ok"
  start ENDPOINT CORRELATOR NUMBER WORD
  stop CORRELATOR
  receive NUMBER                        prints "sender number text" lines
An exception is printed as "messageId variable..".
"""

import sys

import zeep
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

base, user, password, step, *rest = sys.argv[1:]


def service(name, word=password):
    return zeep.Client(f"{base}/{name}?wsdl", wsse=UsernameToken(user, word)).service


def exception(call):
    """The typed exception of a call that must fail."""
    try:
        call()
    except Fault as fault:
        kinds = [child for child in fault.detail if child.tag.endswith("Exception")]
        kind = kinds[0].tag.split("}")[1]
        number = kinds[0].findtext("messageId")
        assert kind == ("PolicyException" if number.startswith("POL") else "ServiceException"), kind
        return " ".join([number] + [variable.text for variable in kinds[0].findall("variables")])
    raise SystemExit("there was no fault")


def reference(endpoint, correlator):
    return {"endpoint": endpoint, "interfaceName": "SmsNotification", "correlator": correlator}


def send(endpoint, correlator, text, *to):
    print(service("SendSms").sendSms(
        addresses=[f"tel:{number}" for number in to],
        senderName="tel:71234",
        charging={"description": "a message", "code": "4711"},
        message=text,
        receiptRequest=reference(endpoint, correlator),
    ))


def status(identifier):
    for information in service("SendSms").getSmsDeliveryStatus(identifier):
        print(information.address, information.deliveryStatus)


def refused(to):
    sms = service("SendSms")
    good = f"tel:{to}"
    wrong = service("SendSms", "wrong")
    charging = {"description": "x", "currency": "SEK", "amount": "5.00"}
    far = reference("ftp://nowhere", "1")
    for call, expect in [
        (lambda: sms.sendSms(addresses=[good, "tel:nobody"], message="hej"), "SVC0004 addresses"),
        (lambda: sms.sendSms(addresses=["sip:nurse@example.se"], message="hej"), "SVC0004 addresses"),
        (lambda: sms.sendSms(addresses=[good], message=""), "SVC0002 message"),
        (lambda: sms.sendSms(addresses=[good], message="å" * 20000), "SVC0280"),
        (lambda: sms.sendSms(addresses=[good], message="hej", charging=charging), "POL0008"),
        (lambda: sms.sendSms(addresses=[good], message="hej", receiptRequest=far), "SVC0002 endpoint"),
        (lambda: sms.sendSmsLogo(addresses=[good], image=b"x", smsFormat="Ems"), "SVC0002 image"),
        (lambda: sms.sendSmsRingtone(addresses=[good], ringtone="x", smsFormat="Ems"), "SVC0002 ringtone"),
        (lambda: sms.getSmsDeliveryStatus("nobody's"), "SVC0002 requestIdentifier"),
        (lambda: wrong.sendSms(addresses=[good], message="hej"), "POL0001 not_authenticated"),
    ]:
        said = exception(call)
        assert said.startswith(expect), f"{said}, not {expect}"
    print("ok")


def start(endpoint, correlator, number, word):
    manager = service("SmsNotificationManager")
    call = lambda: manager.startSmsNotification(
        reference=reference(endpoint, correlator),
        smsServiceActivationNumber=f"tel:{number}",
        criteria=word or None,
    )
    try:
        call()
    except Fault:
        print(exception(call))


def stop(correlator):
    manager = service("SmsNotificationManager")
    manager.stopSmsNotification(correlator)
    assert exception(lambda: manager.stopSmsNotification(correlator)).startswith("SVC0002 correlator")


def receive(number):
    for message in service("ReceiveSms").getReceivedSms(number and f"tel:{number}") or []:
        assert message.dateTime.tzinfo is not None
        print(message.senderAddress, message.smsServiceActivationNumber, message.message)


globals()[step](*rest)
