"""OpenSSL in front of a server that speaks plainly: CERTIFICATE KEY TARGET FILE. Writes where it listens into FILE."""
import os
import socket
import ssl
import sys
import threading

certificate, key, target, file = sys.argv[1:5]
host, port = target.rsplit(":", 1)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def copy(source, sink):
    try:
        while octets := source.recv(65536):
            sink.sendall(octets)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(plain):
    try:
        with context.wrap_socket(plain, server_side=True) as client:
            with socket.create_connection((host, int(port))) as server:
                back = threading.Thread(target=copy, args=(server, client))
                back.start()
                copy(client, server)
                back.join()
    except OSError as error:
        print(error, file=sys.stderr, flush=True)


with socket.create_server(("127.0.0.1", 0)) as listener:
    with open(file + ".new", "w") as out:
        out.write("%s:%d\n" % listener.getsockname())
    os.rename(file + ".new", file)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
