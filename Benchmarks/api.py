"""A client of the local API over one kept connection, thin enough to time what is at the other end."""

import socket
import typing


class Answer(typing.NamedTuple):
    status: int
    body: bytes


class Connection:
    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def get(self, path):
        return self._exchange(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n")

    def post(self, path, token, body=""):
        """Asks for a change, with a body of JSON or none; anything but 2xx is an error."""
        kind = "Content-Type: application/json\r\n" if body else ""
        answer = self._exchange(
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {token}\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}")
        if answer.status // 100 != 2:
            raise ConnectionError(f"POST {path}: {answer.status} {answer.body.decode(errors='replace')}")
        return answer

    def head_length(self, path):
        """Bytes of the head of an answer."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        return end + 4

    def get_at_once(self, path, count):
        """So many requests are sent before the first answer is read."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode() * count)
        rest = b""
        for _ in range(count):
            _, rest = self._answer(rest)

    def _exchange(self, request):
        self.socket.sendall(request.encode())
        return self._answer(b"")[0]

    def _answer(self, received):
        """The next answer, and what has come behind it."""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head = received[:end].lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].split(b"\r\n", 1)[0])
        body = received[end + 4:]
        while len(body) < length:
            body += self._receive()
        return Answer(int(head[9:12]), body[:length]), body[length:]

    def _receive(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the agent closed the connection")
        return data
