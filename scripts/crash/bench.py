"""A lab, a host with an installed set, and one renewal of it, repeated from the same beginning each time."""

import os
import re
import shutil
import signal
import stat
import subprocess

# Later than every wait that a failed or an interrupted attempt imposes (90 s for a possible order, the first back-off
# of at most a minute), and within what the agent and the broker may differ.
LATER = 9 * 60
PATIENCE = 60


class Broken(Exception):
    """What must hold doesn't."""


class Bench:
    """Scenario: a set of five files in three directories is installed for an EC P-256 key; then the configuration wants
    P-384. So the set is due at each start until it has been replaced, and never again after that, whatever the time.

    `mounted` names an output over whose place another file is mounted, so that it can't be replaced: only of it may
    somebody see a part of a file, between a crash and the recovery. Needs a mount namespace of its own.

    `refused` names an output whose rename is refused, once: the renewal puts the old set back.
    """

    def __init__(self, folder, binaries, tools, environment=None, mounted=None, refused=None):
        self.mounted = mounted
        self.refused = refused
        self.is_mounted = False
        self.folder = folder
        self.agent = os.path.join(binaries, "certplane-agent")
        self.tools = tools
        self.lab_folder = os.path.join(folder, "lab")
        self.host = os.path.join(self.lab_folder, "host")
        self.template = os.path.join(folder, "template")
        self.config = os.path.join(self.lab_folder, "host.yml")
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "SWIFT_BACKTRACE": "enable=no",
            **(environment or {}),
        }
        os.makedirs(folder)
        self._start_lab(os.path.join(binaries, "certplane-broker"))
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def scenario(self):
        if self.refused:
            return f"the rename of {self.refused} refused"
        return f"{self.mounted} mounted" if self.mounted else "five files"

    def _start_lab(self, broker):
        self.lab_log = os.path.join(self.folder, "lab.log")
        with open(self.lab_log, "w") as log:
            self.lab = subprocess.Popen(
                [broker, "lab", "--dir", self.lab_folder, "--api-listen", "off", "--rate-limit", "off"]
                + ["--identity-lifetime", "30d"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=self.environment)
        if not self.lab.stdout.readline().startswith(b"ready "):
            raise Broken("the lab doesn't start: " + open(self.lab_log).read())

    def close(self):
        self._unmount()
        self.lab.terminate()
        self.lab.wait()
        self.lab.stdout.close()

    def _prepare(self):
        lab = self.lab_folder
        self.files = {
            "key": f"{self.host}/keys/www.key",
            "cert": f"{self.host}/certs/cert.pem",
            "chain": f"{self.host}/certs/chain.pem",
            "fullchain": f"{self.host}/certs/fullchain.pem",
            "combined": f"{self.host}/haproxy/www.pem",
        }
        self.source = f"{self.folder}/mounted"
        self.reloads = f"{self.host}/reloads"
        with open(f"{lab}/agent.yml") as file:
            text = file.read().replace(f"{lab}/agent", f"{self.host}/state")
        text = re.sub(r"(?m)^(    fullchain: .*)$", r"\1\n    combined: none", text)
        for output, path in self.files.items():
            text, count = re.subn(rf'(?m)^    {output}: .*$', f'    {output}: "{path}"', text)
            if count != 1:
                raise Broken(f"agent.yml of the lab has no {output}")
        text += f"    reload_command: 'echo $CERTPLANE_SERIAL >>{self.reloads}'\n"
        for folder in ("keys", "certs", "haproxy"):
            os.makedirs(f"{self.host}/{folder}")
        self._write_config(text)
        for command in (["enroll"], ["run", "--once"]):
            done = self.run(command)
            if done.returncode != 0:
                raise Broken(f"{command[0]} fails before anything was done to it:\n{done.stdout}")
        self._write_config(text.replace("    dns_names:", '    key_type: "ec-p384"\n    dns_names:'))
        self.old = self.contents()
        shutil.copytree(self.host, self.template)
        self._mount()

    def _mount(self):
        if self.mounted:
            target = self.files[self.mounted]
            shutil.copy2(target, self.source)
            subprocess.run(["mount", "--bind", self.source, target], check=True)
            self.is_mounted = True

    def _unmount(self):
        if self.is_mounted:
            subprocess.run(["umount", self.files[self.mounted]], check=True)
            self.is_mounted = False

    def _write_config(self, text):
        with open(self.config, "w") as file:
            file.write(text)

    # One repetition

    def reset(self):
        """The host as it was before the renewal."""
        self._replace(self.template)
        self.orders_before = self.orders()

    def keep(self):
        """A copy of the host as it is now, with what is mounted in its place."""
        kept = self.host + ".kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.host, kept)
        return kept

    def restore(self, kept):
        self._replace(kept)

    def _replace(self, source):
        self._unmount()
        shutil.rmtree(self.host)
        shutil.copytree(source, self.host)
        self._mount()

    def run(self, command, later=0):
        environment = dict(self.environment)
        if later:
            environment |= {"LD_PRELOAD": self.tools["later"], "WALL_OFFSET": str(later)}
        return subprocess.run(
            [self.agent, *command, "-c", self.config], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment, timeout=PATIENCE, text=True, errors="replace")

    def renew(self, call, k, action):
        """A renewal of which one call fails; the report of fault.c, and what the agent wrote."""
        report = os.path.join(self.folder, "report")
        done = subprocess.run(
            [self.tools["fault"], self.host, report, call, str(k), action]
            + [self.agent, "run", "--once", "-c", self.config],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=self.environment | ({"FAULT_REFUSED": os.path.basename(self.files[self.refused])} if self.refused else {}),
            timeout=PATIENCE, text=True, errors="replace")
        with open(report) as file:
            return [line.split() for line in file], done.stdout

    def orders(self):
        with open(self.lab_log) as log:
            return sum(1 for line in log if 'msg="order issued"' in line and "cache=miss" in line)

    # What must hold

    def contents(self):
        return {output: read(path) for output, path in self.files.items()}

    def require_private(self):
        """No private key, staged or in place, can be read by others; at any moment."""
        for path in self._all_files():
            if b"PRIVATE KEY" in (read(path) or b"") and os.stat(path).st_mode & 0o077:
                raise Broken(f"{path} can be read by others: {stat.filemode(os.stat(path).st_mode)}")

    def require_in_order(self):
        """A whole, verified set, and nothing left over."""
        self.require_matching()
        self.require_private()
        for path in self._all_files():
            if os.path.basename(path).startswith(".certplane-"):
                raise Broken(f"stray file {path}")
        if left := os.listdir(f"{self.host}/state/journal"):
            raise Broken(f"the journal is not empty: {left}")

    def require_matching(self):
        found = self.contents()
        if missing := [output for output, content in found.items() if content is None]:
            raise Broken(f"missing: {missing}")
        if found["fullchain"] != found["cert"] + found["chain"]:
            raise Broken("fullchain is not cert and chain")
        if found["combined"] != found["key"] + found["fullchain"]:
            raise Broken("combined is not key and fullchain")
        verified = openssl(
            "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", f"{self.lab_folder}/ca/service-root.crt",
            "-untrusted", self.files["chain"], self.files["cert"])
        if verified.returncode != 0:
            raise Broken(f"the certificate doesn't verify: {verified.stdout}")
        of_key = openssl("pkey", "-in", self.files["key"], "-pubout").stdout
        if of_key != openssl("x509", "-in", self.files["cert"], "-noout", "-pubkey").stdout:
            raise Broken("the key doesn't match the certificate")

    def require_reloaded(self):
        serial = openssl("x509", "-in", self.files["cert"], "-noout", "-serial").stdout.strip().split("=")[1]
        with open(self.reloads) as file:
            lines = file.read().split()
        if not lines or int(lines[-1], 16) != int(serial, 16):
            raise Broken(f"{serial} is installed, and the last reload was for {lines[-1:]}")

    def _all_files(self):
        for folder, _, names in os.walk(self.host):
            for name in names:
                yield os.path.join(folder, name)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def openssl(*arguments):
    return subprocess.run(
        ["openssl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(report):
    """How the agent ended: ('exit', N) or ('signal', N)."""
    for words in report:
        if words[0] == "end":
            return words[1], int(words[2])
    return "signal", int(signal.SIGKILL)
