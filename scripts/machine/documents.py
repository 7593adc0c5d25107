"""Every command that the documents tell people to run, and what runs it.

The commands are taken from the documents themselves: each line of a fenced shell block, each code span and each man page
phrase that begins with the name of a program. None may be missing here, and none here may be gone from the documents.
"""

import pathlib
import re

PROGRAMS = ("certplane-agent", "certplane-broker", "systemctl", "systemd-run", "systemd-analyze", "journalctl", "timedatectl",
            "curl", "openssl", "apt", "ansible-playbook", "chown", "chmod", "kill", "promtool", r"\./scripts/[\w-]+")
COMMAND = re.compile(rf"(?:sudo )?(?:{'|'.join(PROGRAMS)})(?: |$)")
#: Names of programs and of kinds of command, which nobody types so.
WORDS = {"certplane-agent", "certplane-broker", "systemctl", "systemctl reload", "systemctl status", "systemd-analyze security",
         "curl", "kill", "kill -HUP", "certplane-agent (1)"}

# What is run, in this order, on the host that has come to the end of the README's path. Placeholders are filled in.
ON_THE_HOST = [
    "curl http://localhost:9780/healthz",
    "curl 'http://localhost:9780/readyz?verbose'",
    "curl http://localhost:9780/v1/status",
    "curl http://localhost:9780/v1/certificates/www",
    "curl http://localhost:9780/v1/certificates/NAME",
    "curl http://localhost:9780/v1/certificates/www/history",
    "curl http://localhost:9780/metrics",
    'curl -X POST -H "Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)" '
    '-H "Prefer: wait=60" http://localhost:9780/v1/certificates/www/renew',
    "certplane-agent check",
    "certplane-agent check -c FILE",
    "certplane-agent check --online",
    "certplane-agent check --unit",
    "certplane-agent check --unit | sudo sh",
    "certplane-agent status",
    "certplane-agent status NAME",
    "certplane-agent renew NAME",
    "certplane-agent reload",
    "certplane-agent reload -c FILE",
    "systemctl status certplane-agent",
    "systemctl reload certplane-agent",
    "systemctl reload UNIT",
    "journalctl -u certplane-agent -p warning",
    "journalctl -u certplane-agent-enroll",
    "journalctl -u certplane-agent -p err",
    "journalctl -p err",
    "journalctl -k",
    "systemd-run --pipe --uid=certplane sh -c 'COMMAND'",
    'curl -X POST -H "Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)" '
    'http://localhost:9780/v1/certificates/NAME/reload',
    "openssl s_client -connect ADDRESS -servername SERVER_NAME </dev/null | openssl x509 -noout -serial -enddate",
    "openssl x509 -in CERT -noout -serial -enddate",
    "systemctl restart UNIT",
    "systemctl restart certplane-agent",
    "systemctl reset-failed certplane-agent",
    "systemctl start certplane-agent",
    # From Certplane's own agent to this one: its timer is there, and the package comes over it.
    "systemctl disable --now certplane-agent.timer",
    "apt install ./certplane-agent_*.deb",
    "chown -R certplane: /var/lib/certplane",
    "systemctl enable --now certplane-agent",
    # Traefik's reload.
    "touch --no-create /etc/ssl/certplane/app/traefik-tls.yml",
    # One pass an hour instead of a daemon.
    "systemctl start certplane-agent-once.service",
]
FILLED_IN = {"NAME": "www", "UNIT": "nginx", "COMMAND": "systemctl reload nginx", "FILE": "/etc/certplane/agent.yml",
             "ADDRESS": "127.0.0.1:443", "SERVER_NAME": "www.lab.test", "CERT": "/etc/ssl/certplane/www/cert.pem"}

# Command → the file of the test that runs it, and a word that is found there.
ELSEWHERE = {
    "certplane-agent enroll": ("packaging/certplane-agent-enroll.service", "certplane-agent enroll"),
    "certplane-broker lab": ("scripts/machine/host.py", '"certplane-broker", "lab"'),
    "certplane-broker help lab": ("Tests/BrokerTests/CommandTests.swift", "help"),
    "ansible-playbook -i inventory site.yml": ("scripts/ansible-test", '"site.yml"'),
    "ansible-playbook -i inventory renew.yml": ("scripts/ansible-test", '"renew.yml"'),
    "ansible-playbook -i inventory renew.yml -e '{\"certplane_renew\": [\"www\", \"mail\"]}'":
        ("scripts/ansible-test", "certplane_renew"),
    "systemctl reload nginx": ("scripts/services-test", '"nginx"'),
    "systemctl reload haproxy": ("scripts/services-test", '"haproxy"'),
    "systemctl reload postgresql@15-main": ("scripts/services-test", "postgresql@{version}-main"),
    "./scripts/build": ("scripts/test", "scripts/build"),
    "./scripts/package": ("scripts/test", "scripts/package"),
    "./scripts/demo": ("scripts/operator-test", "scripts/demo"),
}

# Command → why no test runs it.
NOT_RUN = {
    "./scripts/demo --keep": "it goes on until somebody ends it; but for that it is ./scripts/demo",
    "./scripts/test": "a test itself",
    "./scripts/test --filter LifecycleTests": "a test itself",
    "./scripts/systemd-test": "a test itself",
    "./scripts/monitoring-test": "a test itself",
    "./scripts/operator-test": "a test itself",
    "./scripts/ansible-test": "a test itself",
    "./scripts/services-test": "a test itself",
    "./scripts/bench": "a measurement itself",
    "./scripts/simulate": "a test itself",
    "./scripts/fuzz": "a test itself",
    "./scripts/abuse": "a test itself",
    "./scripts/crash-sweep": "a test itself",
    "./scripts/power-cut": "a test itself",
    "systemctl disable --now certbot.timer": "certbot's",
    "systemctl reload vault": "Vault is none of Debian's packages; the job is the one of nginx",
    "timedatectl": "the machine of the test has no clock of its own to show",
}


def _plain(roff):
    return roff.replace("\\-", "-").replace("\\fI", "").replace("\\fR", "").replace('"', "")


def _parts(text):
    """The fenced shell blocks of a document, and what is outside of every fence."""
    shell, prose, fence = [], [], None
    for line in text.splitlines():
        if mark := re.match(r"```(\w*)$", line.strip()):
            fence = mark[1] if fence is None else None
        elif fence is None:
            prose.append(line)
        elif fence in ("sh", "bash", "shell", "console"):
            shell.append(line)
    return "\n".join(shell), "\n".join(prose)


def found(root):
    """Command → the documents that tell it."""
    commands = {}

    def note(command, document):
        command = re.sub(r"\s+", " ", command).strip()
        if command and command not in WORDS:
            commands.setdefault(command, set()).add(str(document.relative_to(root)))

    documents = [root / "README.md", *sorted((root / "docs").glob("*.md")), *sorted((root / "packaging").rglob("*.md"))]
    for document in documents:
        shell, prose = _parts(document.read_text())
        for line in shell.replace("\\\n", " ").splitlines():
            note(re.split(r"\s+# ", line)[0], document)
        for span in re.findall(r"`([^`\n]+)`", prose):
            if COMMAND.match(span) and "…" not in span:
                note(span, document)
    for document in sorted((root / "packaging" / "man").iterdir()):
        for line in document.read_text().splitlines():
            phrase = re.match(r'\.[BI]R? "?([^"]+)"?', line)
            if phrase and COMMAND.match(_plain(phrase[1])):
                note(_plain(phrase[1]), document)
    examples = [*sorted((root / "packaging").rglob("*.yml")), *sorted((root / "packaging/examples").iterdir())]
    for document in examples:
        for line in document.read_text().splitlines():
            spans = re.findall(r"`([^`]+)`", line) + re.findall(r"^#   (ansible-playbook .*)", line)
            spans += re.findall(r"(certplane-agent (?:check|reload) -c FILE)", line)
            for span in spans:
                if COMMAND.match(span):
                    note(re.split(r"\s+# ", span)[0], document)
            if command := re.match(r"\s+reload_command: (.*)", line):
                note(command[1], document)
    return commands


def of_the_path(root):
    """The README's way to a running agent, which scripts/operator-test goes word for word."""
    text = (root / "README.md").read_text()
    block = re.search(r"<!-- The commands between these lines.*?```sh\n(.*?)```\n<!-- End. -->", text, re.S)[1]
    return [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]


def shortcomings(root):
    """What is told and not accounted for, and what is accounted for and not told."""
    told = found(root)
    known = {*ON_THE_HOST, *ELSEWHERE, *NOT_RUN, *of_the_path(root)}
    wrong = [f"no test runs `{command}` of {', '.join(sorted(where))}" for command, where in sorted(told.items())
             if command not in known]
    # What an example is for, without a document that says how it is typed.
    of_examples = {"systemctl start certplane-agent-once.service"}
    wrong += [f"no document tells `{command}`" for command in sorted(known - set(told) - of_examples)]
    for command, (file, word) in ELSEWHERE.items():
        if word not in (root / file).read_text():
            wrong.append(f"{file} doesn't run `{command}`")
    return wrong


def filled_in(command):
    for placeholder, value in FILLED_IN.items():
        command = re.sub(rf"\b{placeholder}\b", value, command)
    return command


if __name__ == "__main__":
    print("\n".join(shortcomings(pathlib.Path(__file__).resolve().parent.parent.parent)))
