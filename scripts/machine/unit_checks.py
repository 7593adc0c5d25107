"""The shipped unit at work: start, readiness, reload, stop, journal."""

import time

from host import POLKIT
from machine import Wanting


def ready_when_evaluated_and_certificates_follow(world):
    """From the .deb to a renewed nginx, as the dedicated user, through polkit."""
    with world.host(files={"/etc/polkit-1/rules.d/50-certplane-agent.rules": POLKIT}) as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.configure()
        host.start_nginx()
        old = host.served_serial()
        host.run("systemctl", "start", "certplane-agent")
        facts = host.show("certplane-agent", "ActiveState", "StatusText", "User", "Type", "NRestarts")
        _expect(facts["ActiveState"] == "active" and facts["User"] == "certplane", f"started as {facts}")
        _expect("ot enrolled" in facts["StatusText"], f"before enrolment the status is {facts['StatusText']}")
        host.enroll()
        host.await_state()
        host.wait("nginx to serve the new certificate", lambda: host.served_serial() == host.disk_serial())
        _expect(host.served_serial() != old, "nginx still serves the certificate of old")
        host.wait("a status in words", lambda: "1 certificate in order" in
                  host.show("certplane-agent", "StatusText")["StatusText"])
        _expect(not host.exists("/etc/certplane/agent/bootstrap-token"), "the token is still there")
        owner = host.sh("stat -c '%U %a' /etc/ssl/certplane/www/privkey.pem /var/lib/certplane/agent")
        _expect(owner == "certplane 600\ncertplane 700", f"owners and modes: {owner}")
        first = host.disk_serial()
        answer = host.sh("sh /usr/share/doc/certplane-agent/examples/curl.sh www")
        _expect("in order" in answer, f"curl.sh: {answer}")
        host.wait("the forced certificate to be served",
                  lambda: host.served_serial() == host.disk_serial() != first)


def ready_while_the_port_is_taken(world):
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.configure(extra="")
        host.run("systemd-run", "--quiet", "--unit=taker", "/usr/bin/python3", "-c", "import socket, time\n"
                 "s = socket.socket()\ns.bind(('127.0.0.1', 9780))\ns.listen()\ntime.sleep(600)")
        host.wait("the port to be taken", lambda: "0100007F:2634" in host.read("/proc/net/tcp"))
        host.run("systemctl", "start", "certplane-agent", patience=30)
        _expect(host.show("certplane-agent", "ActiveState")["ActiveState"] == "active", "not ready")
        host.enroll()
        host.wait("a certificate", lambda: host.exists("/etc/ssl/certplane/www/cert.pem"))
        host.wait("the trouble in the status", lambda: "can't listen on 127.0.0.1:9780" in
                  host.show("certplane-agent", "StatusText")["StatusText"])
        host.run("systemctl", "stop", "taker")
        host.wait("the API", lambda: host.api("/healthz") == "ok\n")
        host.wait("the trouble to go", lambda: "listen" not in
                  host.show("certplane-agent", "StatusText")["StatusText"])


def a_reload_applies_a_changed_configuration_and_fails_for_an_invalid_one(world):
    with world.host() as host:
        host.install_package()
        if host.run("certplane-agent", "help", "reload", check=False).returncode != 0:
            from checks import Skipped
            raise Skipped("this agent has no command `reload` yet")
        host.start_lab("--lifetime", "10m")
        host.configure(extra="")
        host.run("systemctl", "start", "certplane-agent")
        pid = host.main_pid()
        before = host.read("/etc/certplane/agent.yml")
        host.write("/etc/certplane/agent.yml", before.replace("certificates:", "check_interval: 7m\ncertificates:"), 0o644)
        host.run("systemctl", "reload", "certplane-agent")
        hash_now = host.sh("sha256sum </etc/certplane/agent.yml").split()[0]
        _expect(host.api("/v1/status")["agent"]["config"]["sha256"] == hash_now, "the changed configuration isn't in force")
        host.write("/etc/certplane/agent.yml", before + "nonsense: true\n", 0o644)
        done = host.run("systemctl", "reload", "certplane-agent", check=False)
        _expect(done.returncode != 0, "the reload of an invalid configuration succeeded")
        _expect(host.main_pid() == pid, "the agent was restarted")
        _expect(host.show("certplane-agent", "ActiveState")["ActiveState"] == "active", "the agent is gone")
        _expect(host.api("/v1/status")["agent"]["config"]["sha256"] == hash_now, "the one before isn't in force")


def the_journal_has_words_priorities_and_no_time_of_ours(world):
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m", "--fault", "forbidden@www")
        host.configure(extra="")
        host.run("systemctl", "start", "certplane-agent")
        host.enroll()
        host.wait("a refusal", lambda: any("processing failed" in m for m in host.messages("certplane-agent")))
        entries = [e for e in host.journal("certplane-agent") if "level=" in str(e["MESSAGE"])]
        priorities = {"level=INFO": "6", "level=WARN": "4", "level=ERROR": "3", "level=DEBUG": "7"}
        for entry in entries:
            message = entry["MESSAGE"]
            level = message.split(" ")[0]
            _expect(entry["PRIORITY"] == priorities.get(level), f"priority {entry['PRIORITY']} for {message}")
            _expect("time=" not in message and not message.startswith("<"), f"not in the journal's form: {message}")
        levels = {entry["PRIORITY"] for entry in entries}
        _expect({"3", "6"} <= levels, f"only the priorities {levels}")
        _expect(all("_SYSTEMD_INVOCATION_ID" in entry for entry in entries), "no invocation id")
        # An error of the start is one too.
        host.write("/etc/certplane/agent.yml", "nonsense: true\n")
        host.run("systemctl", "restart", "certplane-agent", check=False)
        errors = [e["MESSAGE"] for e in host.journal("certplane-agent", "-p", "err")]
        _expect(any(m.startswith("Error: the configuration can't be used") for m in errors), f"errors: {errors}")
        facts = host.show("certplane-agent", "ExecMainStatus", "NRestarts", "ActiveState")
        _expect(facts == {"ExecMainStatus": "2", "NRestarts": "0", "ActiveState": "failed"}, f"ended as {facts}")


def stops_within_five_seconds(world):
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m", "--fault", "hang@www")
        host.configure(extra="")
        host.run("systemctl", "start", "certplane-agent")
        host.enroll()
        host.wait("an order under way", lambda: (host.certificate().get("current_renewal") or {}).get("stage") == "order")
        started = time.monotonic()
        host.run("systemctl", "stop", "certplane-agent")
        took = time.monotonic() - started
        _expect(took < 5, f"the stop took {took:.1f} s")
        facts = host.show("certplane-agent", "Result", "ExecMainStatus")
        _expect(facts == {"Result": "success", "ExecMainStatus": "0"}, f"ended as {facts}")
        print(f"     stopped in {took:.2f} s in the middle of an order")


def the_plain_unit_of_the_documentation_works(world):
    """Type=simple, as root, from /usr/local/bin."""
    plain = ("[Unit]\nDescription=Certplane agent\nAfter=network-online.target\nWants=network-online.target\n\n"
             "[Service]\nType=simple\nExecStart=/usr/local/bin/certplane-agent run --config /etc/certplane/agent.yml\n"
             "Restart=on-failure\nRestartSec=10s\n\n[Install]\nWantedBy=multi-user.target\n")
    _expect(plain.split("\n\n")[1] in (world.root / "README.md").read_text(), "the README shows another unit")
    with world.host(files={"/etc/systemd/system/certplane-agent.service": plain,
                           "/usr/local/bin/certplane-agent": world.binaries / "certplane-agent"}) as host:
        host.start_lab("--lifetime", "10m")
        host.configure()
        host.start_nginx()
        host.run("systemctl", "enable", "--now", "certplane-agent")
        host.put_token()
        host.await_state()
        host.wait("nginx to serve it", lambda: host.served_serial() == host.disk_serial())
        _expect(host.sh("stat -c %U /etc/ssl/certplane/www/privkey.pem") == "root", "not root's")
        host.run("systemctl", "stop", "certplane-agent")


def _expect(condition, words):
    if not condition:
        raise Wanting(words)
