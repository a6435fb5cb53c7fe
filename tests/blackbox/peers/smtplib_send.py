"""Sends one mail with Python's own smtplib: HOST PORT FROM TO."""
import smtplib
import sys
from email.message import EmailMessage

host, port, sender, recipient = sys.argv[1:5]
mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = sender, recipient, "hej å ä ö"
mail.set_content("från smtplib")
with smtplib.SMTP(host, int(port), timeout=30) as server:
    refused = server.send_message(mail)
assert not refused, refused
print("sent")
