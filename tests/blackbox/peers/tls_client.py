"""Every door by Python's own clients over TLS: AUTHORITY HTTP SMTP TELNET USER PASSWORD FROM TO. One message by each."""
import base64
import json
import smtplib
import socket
import ssl
import sys
import urllib.request
from email.message import EmailMessage

authority, http, smtp, telnet, user, password, sender, to = sys.argv[1:9]
context = ssl.create_default_context(cafile=authority)

request = urllib.request.Request(
    f"https://{http}/api/v1/messages",
    json.dumps({"to": [to], "text": "by https"}).encode(),
    {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(),
    },
)
with urllib.request.urlopen(request, context=context, timeout=30) as answer:
    assert answer.status == 202, answer.status
print("https")

mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = sender, to + "@sms.test", "by"
mail.set_content("starttls")
host, port = smtp.rsplit(":", 1)
with smtplib.SMTP(host, int(port), timeout=30) as server:
    server.ehlo()
    assert "auth" not in server.esmtp_features, "no passwords before TLS"
    server.starttls(context=context)
    server.login(user, password)
    assert not server.send_message(mail)
print("smtp")

host, port = telnet.rsplit(":", 1)
with socket.create_connection((host, int(port)), timeout=30) as plain:
    with context.wrap_socket(plain, server_hostname=host) as stream:
        lines = stream.makefile("rw", encoding="utf-8", newline="\r\n")
        assert lines.readline().startswith("220 ")
        for line in (f"LOGI {user} {password}", f"PAGE {to}", "MESS by snpp", "SEND", "QUIT"):
            lines.write(line + "\r\n")
            lines.flush()
            answer = lines.readline()
            assert answer.startswith("2"), (line, answer)
print("snpp")
