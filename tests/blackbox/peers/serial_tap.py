"""Sits on a serial line and keeps what passes: DEVICE PATH FILE. Makes PATH a terminal that leads to DEVICE, and writes a line for each piece
into FILE: "O" (to the device) or "I" (from it) and the octets in hexadecimal."""
import os
import select
import sys
import termios
import tty

device, path, file = sys.argv[1:4]
line = os.open(device, os.O_RDWR | os.O_NOCTTY)
tty.setraw(line, termios.TCSANOW)
master, slave = os.openpty()
tty.setraw(slave, termios.TCSANOW)
# The slave stays open here, so that whoever opens PATH may close it and come back.
os.symlink(os.ttyname(slave), path)
with open(file, "w") as kept:
    while True:
        for source in select.select([line, master], [], [])[0]:
            octets = os.read(source, 4096)
            if not octets:
                sys.exit(0)
            way, sink = ("O", line) if source == master else ("I", master)
            kept.write("%s %s\n" % (way, octets.hex()))
            kept.flush()
            while octets:
                octets = octets[os.write(sink, octets):]
