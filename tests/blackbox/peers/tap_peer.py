"""A TAP 1.8 peer for either side, written from the specification alone; it shares nothing with the gateway.

    tap_peer.py page HOST:PORT PASSWORD ID=TEXT ...   an entry device: sends pages; exit 0 all accepted, 2 a page refused, 3 log-on refused
    tap_peer.py central ADDRESS_FILE JOURNAL          a central: says where it listens, writes ID=TEXT for each page it takes

As a central it behaves like the impatient old ones: it says ID= unasked, refuses the first copy of every third block for its checksum,
drops the acknowledgement before the go-ahead in every second call, and puts texts between answers.
"""

import socket
import sys

STX, ETX, EOT, ACK, NAK, ETB, RS, US, ESC, CR = 2, 3, 4, 6, 0x15, 0x17, 0x1E, 0x1F, 0x1B, 0x0D


def checksum(octets):
    total = sum(octet & 0x7F for octet in octets)
    return bytes([0x30 + (total >> 8 & 15), 0x30 + (total >> 4 & 15), 0x30 + (total & 15)])


class Line:
    def __init__(self, connection):
        self.connection, self.waiting = connection, b""
        connection.settimeout(20)

    def octet(self):
        if not self.waiting:
            self.waiting = self.connection.recv(4096)
            if not self.waiting:
                raise EOFError
        first, self.waiting = self.waiting[0], self.waiting[1:]
        return first & 0x7F

    def send(self, octets):
        self.connection.sendall(bytes(octets))

    def until(self, wanted):
        """Reads until one of the wanted octet strings stands at the end; gives which one."""
        seen = b""
        while True:
            seen += bytes([self.octet()])
            for one in wanted:
                if seen.endswith(one):
                    return one


def blocks(pager, text, longest=230):
    """One field may be spread over blocks: US when it is cut, ETX at the end."""
    content = pager.encode() + b"\r" + text.encode("ascii") + b"\r"
    pieces = [content[at : at + longest] for at in range(0, len(content), longest)]
    for number, piece in enumerate(pieces):
        last = number + 1 == len(pieces)
        end = ETX if last else ETB if piece.endswith(b"\r") else US
        body = bytes([STX]) + piece + bytes([end])
        yield body + checksum(body) + b"\r"


def page(place, password, pages):
    host, port = place.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as connection:
        line = Line(connection)
        line.send(b"\r")
        line.until([b"ID="])
        for attempt in range(4):
            line.send(b"\x1bPG1" + password.encode() + b"\r")
            answer = line.until([b"\x06", b"\x15", b"\x1b\x04", b"\x1b[p"])
            if answer in (b"\x06", b"\x1b[p"):
                break
            if answer == b"\x1b\x04" or attempt == 3:
                print("log-on refused")
                return 3
            line.until([b"ID="])
        if answer == b"\x06":
            line.until([b"\x1b[p"])
        result = 0
        for one in pages:
            pager, text = one.split("=", 1)
            taken = True
            for block in blocks(pager, text):
                for _ in range(3):
                    line.send(block)
                    answer = line.until([b"\x06", b"\x15", b"\x1e", b"\x1b\x04"])
                    if answer != b"\x15":
                        break
                if answer != b"\x06":
                    taken, result = False, 2
                    break
            print("accepted" if taken else "refused", pager)
        line.send([EOT, CR])
        line.until([b"\x1b\x04"])
        return result


def serve(connection, calls, journal):
    line = Line(connection)
    line.send(b"\r\nWelcome to the central\r\nID=")
    logged_on, content, seen = False, b"", 0
    refused = set()
    while True:
        octet = line.octet()
        if octet == CR and not logged_on:
            line.send(b"\rID=\r")
        elif octet == ESC:
            said = b""
            while not said.endswith(b"\r"):
                said += bytes([line.octet()])
            if not said.startswith(b"PG1"):
                line.send(b"507 form\r\x15\rID=")
                continue
            logged_on = True
            line.send(b"\r\x1b[p\r" if calls % 2 else b"\r110 1.8\r\x06\rplease wait\r\x1b[p\r")
        elif octet == STX:
            body = bytes([STX])
            while body[-1] not in (ETX, ETB, US):
                body += bytes([line.octet()])
            sent = bytes([line.octet() for _ in range(3)])
            line.octet()
            seen += 1
            if sent != checksum(body) or (seen % 3 == 0 and body not in refused):
                refused.add(body)
                line.send(b"514 checksum\r\x15\r")
                continue
            content += body[1:-1]
            if body[-1] == ETX:
                fields = content.decode("ascii").split("\r")
                content = b""
                journal.write(fields[0] + "=" + fields[1] + "\n")
                journal.flush()
                line.send(b"page queued\r211 sent\r\x06\r")
            else:
                line.send(b"\x06\r")
        elif octet == EOT:
            line.send(b"115 bye\r\x1b\x04\r")
            return


def central(place, path):
    with socket.create_server(("127.0.0.1", 0)) as listener, open(path, "w", encoding="ascii") as journal:
        with open(place, "w", encoding="ascii") as file:
            file.write("127.0.0.1:%d\n" % listener.getsockname()[1])
        calls = 0
        while True:
            connection, _ = listener.accept()
            calls += 1
            with connection:
                try:
                    serve(connection, calls, journal)
                except (EOFError, OSError):
                    pass


if __name__ == "__main__":
    if sys.argv[1] == "page":
        sys.exit(page(sys.argv[2], sys.argv[3], sys.argv[4:]))
    central(sys.argv[2], sys.argv[3])
