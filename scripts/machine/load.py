"""TLS handshakes, one after the other on four threads, until a file appears; prints what was served and what failed.

  load.py PORT tls|postgresql STOP_FILE
"""

import collections
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

port, kind, stop = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
served, failures, lock = collections.OrderedDict(), [], threading.Lock()


def handshake():
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        if kind == "postgresql":
            plain.sendall(struct.pack("!II", 8, 80877103))
            if plain.recv(1) != b"S":
                raise OSError("the server speaks no TLS")
        with context.wrap_socket(plain, server_hostname="www.lab.test") as secure:
            return hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest()


def work():
    while not os.path.exists(stop):
        try:
            leaf = handshake()
            with lock:
                served[leaf] = served.get(leaf, 0) + 1
        except OSError as error:
            with lock:
                failures.append(repr(error))
        time.sleep(0.002)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"served": list(served.items()), "failures": failures}))
