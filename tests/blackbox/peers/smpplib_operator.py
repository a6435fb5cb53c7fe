# An SMPP operator made of the PDU classes of the Python package smpplib (which has no server of its own): takes everything, sends a receipt
# for each, and a message from a phone after the first. Writes its address to FILE.
import os
import socket
import sys
import threading

import smpplib.client
import smpplib.exceptions
import smpplib.smpp

RECEIPT = "id:{id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231200 stat:DELIVRD err:000 text:"


class Session(smpplib.client.Client):
    """One connection, from the other side."""

    def __init__(self, connection):
        super().__init__("", 0, timeout=None, allow_unknown_opt_params=True)
        self._socket = connection
        self.taken = 0

    def say(self, command, **fields):
        answered = fields.pop("to", None)
        pdu = smpplib.smpp.make_pdu(command, client=self, **fields)
        if answered is not None:
            pdu.sequence = answered.sequence
        self._socket.sendall(pdu.generate())

    def deliver(self, source, destination, esm_class, words):
        self.say(
            "deliver_sm", source_addr_ton=1, source_addr_npi=1, source_addr=source, dest_addr_ton=1, dest_addr_npi=1,
            destination_addr=destination, esm_class=esm_class, short_message=words,
        )

    def serve(self):
        while True:
            pdu = self.read_pdu()
            if pdu.command.startswith("bind_"):
                self.say(pdu.command + "_resp", to=pdu, system_id="smpplib")
            elif pdu.command == "enquire_link":
                self.say("enquire_link_resp", to=pdu)
            elif pdu.command == "unbind":
                self.say("unbind_resp", to=pdu)
                return
            elif pdu.command == "submit_sm":
                self.submit(pdu)

    def submit(self, pdu):
        self.taken += 1
        name = "{:08x}".format(0xA0000000 + self.taken)
        self.say("submit_sm_resp", to=pdu, message_id=name)
        us = pdu.source_addr.decode() or "72456"
        phone = pdu.destination_addr.decode()
        # The reply says its id in hexadecimal, the receipt in decimal: as operators do.
        self.deliver(phone, us, 4, RECEIPT.format(id=int(name, 16)).encode())
        if self.taken == 1:
            self.deliver(phone, "72456", 0, "hej fr\u00e5n smpplib".encode("latin-1").replace(b"\xe5", b"\x0f"))


def serve(connection):
    try:
        Session(connection).serve()
    except (smpplib.exceptions.ConnectionError, OSError):
        pass


door = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as file:
    file.write("127.0.0.1:%d\n" % door.getsockname()[1])
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    accepted, _ = door.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
