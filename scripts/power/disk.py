"""A disk with a volatile write cache, served over NBD, and the history of all that reached it.

What a write has brought is safe when a flush that began after the write was answered has been answered; until then
a loss of power may keep all of it, some of its sectors or nothing, whatever became of the writes around it. A sector
is whole or not at all, and as large as a block of the file system: ext4 doesn't survive half a superblock either.
"""

import os
import select
import socket
import struct

SECTOR = 4096
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
# NBD_FLAG_HAS_FLAGS and NBD_FLAG_SEND_FLUSH; without FUA the client sends a flush after such a write.
FLAGS = 1 | 4
OPTION_MAGIC, REPLY_MAGIC = b"IHAVEOPT", 0x3E889045565A9
EXPORT_NAME, GO = 1, 7
ACK, INFO, UNSUPPORTED = 1, 3, 1 | 1 << 31


class History:
    """What happened to a disk since it was switched on, in order: `("write", offset, data)`, `("flush", covered)`,
    the number of records whose writes are safe now, and `("event", kind, text)`, something that was seen outside."""

    def __init__(self, base):
        self.base = bytes(base)
        self.records = []

    def unsafe(self, position):
        """The writes before `position` that no flush has covered."""
        covered = self._covered(position)
        return [record for record in self.records[covered:position] if record[0] == "write"]

    def safe(self, position, image=None, start=0):
        """The least that is on the disk after a loss of power at `position`, and how many records that covers.
        `image` is that of an earlier position, which covered `start`."""
        image = bytearray(self.base) if image is None else image
        covered = self._covered(position)
        for record in self.records[start:covered]:
            if record[0] == "write":
                image[record[1]:record[1] + len(record[2])] = record[2]
        return image, max(start, covered)

    def _covered(self, position):
        flushes = (record for record in reversed(self.records[:position]) if record[0] == "flush")
        return next(flushes, ("flush", 0))[1]


def lose(image, writes, random):
    """Adds to the safe image what survives of the unsafe writes; `random` None lets all survive. The lost bytes."""
    if random is None:
        chance = 1.0
    else:
        chance = random.choice((0.1, 0.5, 0.9))
    torn = random is not None and random.random() < 0.5
    lost = 0
    for _, offset, data in writes:
        step = SECTOR if torn else len(data)
        for start in range(0, len(data), step):
            if chance == 1.0 or random.random() < chance:
                part = data[start:start + step]
                image[offset + start:offset + start + len(part)] = part
            else:
                lost += len(data[start:start + step])
    return lost


class Disk:
    """Serves one client. `step` answers all requests that have arrived; a flush among them doesn't cover the writes
    among them, because their answers had not been sent when it was."""

    def __init__(self, image, path):
        self.history = History(image)
        self.now = bytearray(image)
        self.requests = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.client = None
        self.pending = b""

    def close(self):
        for each in (self.client, self.listener):
            if each:
                each.close()

    def accept(self, patience):
        self.listener.settimeout(patience)
        self.client, _ = self.listener.accept()
        self.client.settimeout(patience)
        self.client.sendall(b"NBDMAGIC" + OPTION_MAGIC + struct.pack(">H", 1 | 2))
        no_zeroes = struct.unpack(">I", self._exactly(4))[0] & 2
        while True:
            magic, option, length = struct.unpack(">8sII", self._exactly(16))
            if magic != OPTION_MAGIC:
                raise OSError("not an NBD client")
            self._exactly(length)
            if option == EXPORT_NAME:
                self.client.sendall(struct.pack(">QH", len(self.now), FLAGS) + (b"" if no_zeroes else bytes(124)))
                break
            if option == GO:
                self._reply(option, INFO, struct.pack(">HQH", 0, len(self.now), FLAGS))
                self._reply(option, ACK)
                break
            self._reply(option, UNSUPPORTED)
        self.client.setblocking(False)

    def _reply(self, option, kind, data=b""):
        self.client.sendall(struct.pack(">QIII", REPLY_MAGIC, option, kind, len(data)) + data)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            if not (more := self.client.recv(count - len(data))):
                raise OSError("the NBD client has gone")
            data += more
        return data

    def step(self):
        """False when the client has gone."""
        gone = False
        while True:
            try:
                more = self.client.recv(1 << 20)
            except BlockingIOError:
                break
            except ConnectionError:
                more = b""
            if not more:
                gone = True
                break
            self.pending += more
        covered, answers = len(self.history.records), []
        while len(self.pending) >= 28:
            _, _, kind, handle, offset, length = struct.unpack(">IHHQQI", self.pending[:28])
            end = 28 + (length if kind == WRITE else 0)
            if len(self.pending) < end:
                break
            data, self.pending = self.pending[28:end], self.pending[end:]
            self.requests += kind in (WRITE, FLUSH)
            if kind == DISCONNECT:
                return False
            if kind == WRITE:
                self.now[offset:offset + length] = data
                self.history.records.append(("write", offset, data))
            elif kind == FLUSH:
                self.history.records.append(("flush", covered))
            content = bytes(self.now[offset:offset + length]) if kind == READ else b""
            answers.append(struct.pack(">IIQ", 0x67446698, 0, handle) + content)
        self._send(b"".join(answers))
        return not gone

    def _send(self, data):
        view = memoryview(data)
        while view:
            try:
                view = view[self.client.send(view):]
            except BlockingIOError:
                select.select([], [self.client], [], 10)
            except ConnectionError:
                return


def write_image(image, path):
    with open(path, "wb") as file:
        file.write(image)
        os.fchmod(file.fileno(), 0o600)
