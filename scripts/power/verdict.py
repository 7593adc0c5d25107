"""What must hold after a loss of power."""

import base64
import functools
import gzip
import hashlib
import io
import os
import re
import stat
import tarfile
import tempfile

from bench import Broken, openssl
from scene import NAMES, STEPS

SPKI_BYTES = {"ec-p256": 91, "ec-p384": 120}


class Tree:
    """Files with mode and content, by path; wherever they lie."""

    def __init__(self, files):
        self.files = files

    @classmethod
    def on_disk(cls, folder):
        files = {}
        for parent, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(parent, name)
                with open(path, "rb") as file:
                    files[path] = (os.fstat(file.fileno()).st_mode, file.read())
        return cls(files)

    @classmethod
    def packed(cls, line):
        """From base64 of a compressed tar of /."""
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(base64.b64decode(line)))) as tar:
            return cls({f"/{member.name}": (member.mode, tar.extractfile(member).read())
                        for member in tar if member.isfile() or member.islnk()})

    def unlocked(self):
        """Without the lock files, in which each process leaves its number."""
        return {path: file for path, file in self.files.items() if not path.endswith(".lock")}

    def content(self, path):
        return self.files[path][1] if path in self.files else None


class Story:
    """What had happened, seen from outside, when the power went."""

    def __init__(self, scene):
        self.orders = {name: [] for name in NAMES}
        self.reloaded = {}
        self.wanted = STEPS[0]
        self.due = dict.fromkeys(NAMES, 1)
        self.last = "nothing"
        for line in scene.first_orders:
            self.hear("lab", line)
        for line in scene.first_reloads:
            self.hear("reload", line)

    def told(self, records):
        """With the events among a disk's records."""
        for record in records:
            if record[0] == "event":
                self.hear(*record[1:])
        return self

    def hear(self, kind, text):
        if kind == "lab" and ('msg="order issued"' in text or 'msg="cache hit"' in text):
            found = dict(re.findall(r"\b(profile|serial|key)=(\S+)", text))
            order = (int(found["serial"], 16), found["key"])
            # When a moment is gone back to, what was ordered after it is remembered by the broker alone.
            if order not in self.orders[found["profile"]]:
                self.orders[found["profile"]].append(order)
        elif kind == "reload":
            name, serial = text.split()
            self.reloaded[name] = int(serial, 16)
        elif kind == "begin":
            types = tuple(text.split())
            for name, wanted, before in zip(NAMES, types, self.wanted, strict=True):
                self.due[name] += wanted != before
            self.wanted = types
        elif kind == "agent" and (message := re.search(r'msg=("[^"]*"|\S+)', text)):
            self.last = message[1].strip('"')
        if kind in ("begin", "end"):
            self.last = "agent starts" if kind == "begin" else "agent has ended"

    def ordered(self):
        return sum(map(len, self.orders.values()))

    def index(self, name, serial):
        return next((at for at, order in enumerate(self.orders[name]) if order[0] == serial), None)

    def possible(self, name):
        """The orders whose set may lie there: the last one that its service has loaded, and the newer ones."""
        return range(self.index(name, self.reloaded[name]), len(self.orders[name]))


def require_safe(tree):
    """At any moment, staged or in place."""
    for path, (mode, content) in tree.files.items():
        if b"PRIVATE KEY" in content and mode & 0o077:
            raise Broken(f"{path} can be read by others: {stat.filemode(mode)}")


def require_whole(tree, scene, story):
    """Before anything has been done: each file is private and whole, the old one or the new one."""
    require_safe(tree)
    for name in NAMES:
        orders = [story.orders[name][index] for index in story.possible(name)]
        chain = tree.content(scene.files[name]["chain"])
        for output, path in scene.files[name].items():
            content = tree.content(path)
            if content is None:
                raise Broken(f"{name}: {output} is missing")
            if output == "key":
                whole = hashlib.sha256(public_key(content)).hexdigest() in [key for _, key in orders]
            elif output == "chain":
                whole = b"-----END CERTIFICATE-----" in content
            elif output == "combined":
                whole = certificate(content)[0] in [serial for serial, _ in orders] and content.endswith(chain)
                whole &= public_key(content) == certificate(content)[1]
            else:
                whole = certificate(content)[0] in [serial for serial, _ in orders]
                whole &= output == "cert" or content.endswith(chain)
            if not whole:
                raise Broken(f"{name}: {output} is neither old nor new: {content[:80]!r}, {len(content)} bytes")


def require_order(tree, scene, story):
    """After `recover`: each set whole, the old or the new one, nothing left over, no key lost. Which it is, by name."""
    require_safe(tree)
    state = f"{scene.host}/state"
    for path, (_, content) in tree.files.items():
        if os.path.basename(path).startswith(".certplane-"):
            raise Broken(f"stray file {path}")
        if path.startswith(f"{state}/journal/"):
            raise Broken(f"the journal is not empty: {path}")
        if ".damaged-" in path:
            raise Broken(f"{path} was found damaged")
        if not content and not path.endswith(".lock"):
            raise Broken(f"{path} is empty")
    found = {}
    for name in NAMES:
        try:
            found[name] = _which(tree, scene, story, name)
        except Broken as fault:
            raise Broken(f"{name}: {fault}") from None
    return found


def _which(tree, scene, story, name):
    files = {output: tree.content(path) for output, path in scene.files[name].items()}
    if missing := [output for output, content in files.items() if content is None]:
        raise Broken(f"missing: {missing}")
    serial, key = certificate(files["cert"])
    index = story.index(name, serial)
    if index is None:
        raise Broken(f"a certificate that was never issued: {serial:x}")
    if index not in story.possible(name):
        raise Broken(f"the service has loaded number {story.possible(name)[0]}, and the disk is back at {index}")
    if files["fullchain"] != files["cert"] + files["chain"]:
        raise Broken("fullchain is not cert and chain")
    if fault := unverified(files["cert"], files["chain"], f"{scene.folder}/lab/ca/service-root.crt"):
        raise Broken(f"the certificate doesn't verify: {fault}")
    if public_key(files["key"]) != key:
        raise Broken("the key doesn't match the certificate")
    if "combined" in files and files["combined"] != files["key"] + files["fullchain"]:
        raise Broken("combined is not key and fullchain")
    last = len(story.orders[name]) - 1
    pending = tree.content(f"{scene.host}/state/pending/{name}.key")
    if index < last:
        if pending is None:
            raise Broken("the key of an order is lost")
        if hashlib.sha256(public_key(pending)).hexdigest() != story.orders[name][last][1]:
            raise Broken("the pending key is not the one that was ordered for")
    return index


def require_renewed(tree, scene, story):
    """After the next start: what was wanted is installed and loaded, for the orders that were due and no more."""
    found = require_order(tree, scene, story)
    for name, wanted in zip(NAMES, story.wanted, strict=True):
        serial, key = certificate(tree.content(scene.files[name]["cert"]))
        if len(key) != SPKI_BYTES[wanted]:
            raise Broken(f"{name}: {wanted} was wanted and is not installed")
        if found[name] != len(story.orders[name]) - 1:
            raise Broken(f"{name}: an older certificate than the last one is installed")
        if len(story.orders[name]) > story.due[name]:
            raise Broken(f"{name}: {len(story.orders[name])} orders, {story.due[name]} were due")
        if story.reloaded[name] != serial:
            raise Broken(f"{name}: {serial:x} is installed, and the last reload was for {story.reloaded[name]:x}")
    return found


# Facts of PEM, remembered: most of them come again at each cut.

@functools.lru_cache(4096)
def certificate(pem):
    """Serial and public key."""
    shown = _of("x509", pem, "-noout", "-serial", "-pubkey")
    serial = re.search(r"serial=([0-9A-F]+)", shown)
    if not serial:
        raise Broken(f"no certificate: {pem[:200]!r}")
    return int(serial[1], 16), _der(shown)


@functools.lru_cache(4096)
def public_key(pem):
    """Of a private key."""
    shown = _of("pkey", pem, "-pubout")
    if "BEGIN PUBLIC KEY" not in shown:
        raise Broken(f"no private key: {len(pem)} bytes")
    return _der(shown)


@functools.lru_cache(4096)
def unverified(cert, chain, root):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("cert", cert), ("chain", chain)):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
        done = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root,
                       "-untrusted", f"{folder}/chain", f"{folder}/cert")
    return None if done.returncode == 0 else done.stdout


def _of(command, pem, *arguments):
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        return openssl(command, "-in", file.name, *arguments).stdout


def _der(text):
    return base64.b64decode(re.search(r"-----BEGIN PUBLIC KEY-----(.*?)-----END", text, re.DOTALL)[1])
