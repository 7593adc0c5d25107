"""The walls of the unit, and the script of `check --unit` for what lies beyond them."""

import shutil

from host import CERTIFICATE
from unit_checks import _expect

ELSEWHERE = CERTIFICATE.format(name="www", profile="www", names="www.lab.test, api.lab.test", folder="/etc/nginx/tls")


def outputs_elsewhere_work_with_the_printed_drop_in(world):
    """Another directory, a group, and a unit to reload: named by `check`, refused before, at work after."""
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.configure(ELSEWHERE + "    group: www-data\n    key_mode: \"0640\"\n"
                       "    reload_command: systemctl reload nginx\n")
        host.start_nginx("/etc/nginx/tls")
        host.sh("chown root:root /etc/nginx/tls")
        findings = host.sh("certplane-agent check", check=False)
        for words in ("/etc/nginx/tls is outside what the unit may write", "no polkit rule lets certplane reload "
                      "nginx.service", "files are to belong to www-data, and certplane is no member"):
            _expect(words in findings, f"check doesn't say '{words}':\n{findings}")
        host.run("systemctl", "start", "certplane-agent")
        host.enroll()
        host.wait("the failure", lambda: host.certificate().get("consecutive_failures", 0) > 0)

        script = host.sh("certplane-agent check --unit")
        host.write("/root/unit.sh", script + "\n")
        host.sh("sh /root/unit.sh")
        verify = host.run("systemd-analyze", "verify", "certplane-agent.service", check=False)
        _expect(not verify.stdout + verify.stderr, f"verify: {verify.stdout}{verify.stderr}")
        host.sh("sh /root/unit.sh")  # Twice is like once.
        _expect("ok       certplane-agent.service" in host.sh("certplane-agent check", check=False),
                host.sh("certplane-agent check", check=False))
        host.post("/v1/certificates/www/renew")
        host.await_state(patience=150)
        host.wait("nginx to serve it", lambda: host.served_serial() == host.disk_serial("/etc/nginx/tls/cert.pem"), 60)
        owner = host.sh("stat -c '%U:%G %a' /etc/nginx/tls/privkey.pem")
        _expect(owner == "certplane:www-data 640", f"the key belongs to {owner}")
        score = host.sh("systemd-analyze security --no-pager certplane-agent | tail -n 1")
        print(f"     with the drop-in: {score.split(': ')[-1]}")


def a_group_keeps_its_directory(world):
    """A directory that a group works in isn't taken from it; once certplane may write there, the script goes on."""
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.sh("groupadd keepers; install -d -g keepers -m 0710 /srv/tls")
        host.configure(CERTIFICATE.format(name="www", profile="www", names="www.lab.test, api.lab.test",
                                          folder="/srv/tls"))
        refusal = host.sh("certplane-agent check --unit | sh 2>&1", check=False)
        _expect("/srv/tls is used by a group of its own" in refusal, f"the script said: {refusal}")
        host.sh("usermod -aG keepers certplane; chmod g+rwx /srv/tls; certplane-agent check --unit | sh")
        owner = host.sh("stat -c '%U:%G %a' /srv/tls")
        _expect(owner == "root:keepers 770", f"the directory belongs to {owner}")


def files_can_be_given_away_and_the_capabilities_stay_with_the_agent(world):
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.configure(extra="    owner: nobody\n    group: nogroup\n    key_mode: \"0600\"\n"
                       "    reload_command: grep Cap /proc/self/status >/etc/ssl/certplane/caps\n")
        host.sh("certplane-agent check --unit | sh")
        host.run("systemctl", "start", "certplane-agent")
        host.enroll()
        host.await_state()
        owner = host.sh("stat -c '%U:%G %a' /etc/ssl/certplane/www/privkey.pem")
        _expect(owner == "nobody:nogroup 600", f"the key belongs to {owner}")
        host.wait("the reload", lambda: host.exists("/etc/ssl/certplane/caps"))
        child = dict(line.split(":\t") for line in host.read("/etc/ssl/certplane/caps").splitlines())
        _expect(all(int(child[kind], 16) == 0 for kind in ("CapPrm", "CapEff", "CapAmb")), f"the child has {child}")
        agent = host.sh(f"grep CapEff /proc/{host.main_pid()}/status")
        _expect(int(agent.split()[1], 16) == 0b1101, f"the agent has {agent}")
        # It goes on seeing what it gave away: nothing is ordered again.
        serial = host.disk_serial()
        host.run("systemctl", "restart", "certplane-agent")
        host.await_state()
        _expect(host.disk_serial() == serial, "a restart has ordered a certificate")
        host.post("/v1/certificates/www/renew")
        host.wait("a renewal over files of another", lambda: host.disk_serial() != serial)
        host.await_state()


def polkit_lets_only_the_named_jobs_pass(world):
    with world.host() as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.configure()
        host.start_nginx()
        host.sh("certplane-agent check --unit | sh")

        def may(*job):
            return host.run("runuser", "-u", "certplane", "--", "systemctl", *job, check=False).returncode == 0
        _expect(may("reload", "nginx"), "reload nginx is refused")
        for job in (("restart", "nginx"), ("stop", "nginx"), ("reload", "dbus"), ("start", "certplane-agent")):
            _expect(not may(*job), f"{' '.join(job)} is allowed")
        for verb in ("try-reload-or-restart", "reload-or-restart", "try-restart", "restart"):
            text = host.read("/etc/certplane/agent.yml").replace("systemctl reload nginx", f"systemctl {verb} nginx")
            host.write("/root/other.yml", text)
            host.sh("certplane-agent check --unit -c /root/other.yml | sh")
            _expect(may(verb, "nginx"), f"{verb} nginx is refused by its own rule")
            _expect(not may("reload", "nginx"), f"reload nginx passes by the rule of {verb}")


def the_weaker_drop_in_lets_sudo_work(world):
    from checks import Skipped
    if not shutil.which("sudo"):
        raise Skipped("sudo is not installed")
    sudoers = {"/etc/sudoers.d/certplane": ("certplane ALL=(root) NOPASSWD: /usr/bin/systemctl reload nginx\n", 0o440)}
    with world.host(files=sudoers) as host:
        host.install_package()
        host.start_lab("--lifetime", "10m")
        host.configure(extra="    reload_command: sudo -n /usr/bin/systemctl reload nginx\n")
        host.start_nginx()
        host.run("systemctl", "start", "certplane-agent")
        host.enroll()
        host.wait("the refusal", lambda: any("reload failed" in words for words in host.messages("certplane-agent")))
        host.sh("install -D -m 0644 /usr/share/doc/certplane-agent/examples/certplane-sudo.conf "
                "/etc/systemd/system/certplane-agent.service.d/sudo.conf && systemctl daemon-reload && "
                "systemctl restart certplane-agent")
        host.post("/v1/certificates/www/reload")
        host.wait("nginx to serve it", lambda: host.served_serial() == host.disk_serial())
