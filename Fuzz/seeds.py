"""Writes what fuzzing begins with: the request vectors, the example configuration, certificates made on the spot."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent


def main():
    folder = pathlib.Path(sys.argv[1])
    for target, seeds in {"http": requests(), "yaml": configurations(), **certificates(folder)}.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds):
            (folder / target / f"{number:03}").write_bytes(seed)


def requests():
    """The vectors without those that only repeat a byte (VectorFile.swift has the notation)."""
    for file in sorted((ROOT / "Tests/RequestVectors/Vectors").glob("*.http")):
        for vector in re.split(r"^=== .*\n", file.read_text(), flags=re.MULTILINE)[1:]:
            wire = "".join(line for line in vector.splitlines() if not line.startswith("> "))
            if "\\{" not in wire:
                yield unescape(wire)


def unescape(text):
    escapes = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0"}
    out, index = b"", 0
    while index < len(text):
        character = text[index]
        if character != "\\":
            out += character.encode()
        elif text[index + 1] == "x":
            out += bytes.fromhex(text[index + 2:index + 4])
            index += 3
        else:
            out += escapes.get(text[index + 1], text[index + 1].encode())
            index += 1
        index += 1
    return out


def configurations():
    yield (ROOT / "packaging/agent.example.yml").read_bytes()
    for file in sorted((ROOT / "Tests/ConfigurationTests/Vectors").rglob("*")):
        if file.is_file():
            yield file.read_bytes()


def certificates(folder):
    folder.mkdir(parents=True, exist_ok=True)
    make = folder / "make"
    make.mkdir()
    run = lambda *command: subprocess.run(command, check=True, capture_output=True, cwd=make)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
        "-subj", "/CN=Seed CA", "-addext", "keyUsage=critical,keyCertSign", "-keyout", "ca.key", "-out", "ca.pem")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", "/CN=www.example.org", "-keyout", "leaf.key", "-out", "leaf.csr")
    (make / "extensions").write_text(
        "subjectAltName=DNS:www.example.org\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        "basicConstraints=CA:FALSE\n")
    run("openssl", "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "0x4f2a",
        "-days", "30", "-extfile", "extensions", "-out", "leaf.pem")
    leaf, authority = (make / "leaf.pem").read_text(), (make / "ca.pem").read_text()
    dates = run("openssl", "x509", "-in", "leaf.pem", "-noout", "-dates", "-dateopt", "iso_8601").stdout.decode()
    begin, end = (line.split("=")[1].replace(" ", "T") for line in dates.splitlines())
    bundle = {
        "cert_pem": leaf, "chain_pem": authority, "fullchain_pem": leaf + authority, "serial_number": "4f2a",
        "not_before": begin, "not_after": end, "cache": "miss",
    }
    keys = [(make / name).read_bytes() for name in ("ca.key", "leaf.key", "leaf.csr")]
    for file in make.iterdir():
        file.unlink()
    make.rmdir()
    return {
        "pem": [leaf.encode(), (leaf + authority).encode(), *keys],
        "bundle": [json.dumps(bundle).encode(), json.dumps({**bundle, "cert_pem": authority}).encode()],
    }


if __name__ == "__main__":
    main()
