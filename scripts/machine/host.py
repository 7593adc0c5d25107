"""A host in a machine: the agent from its Debian package, and a lab beside it that plays broker and step-ca."""

import json
import pathlib
import subprocess

from machine import Machine, Wanting

CONFIGURATION = """\
identity:
  name: edge01.lab.test
  cert: /var/lib/certplane/agent/identity.crt
  key: /var/lib/certplane/agent/identity.key
  issuer_ca_bundle: /etc/certplane/ca/agent-identity-ca-bundle.crt
  bootstrap_token: /etc/certplane/agent/bootstrap-token
  step_ca:
    url: https://127.0.0.1:9443
    root_ca_bundle: /etc/certplane/ca/step-ca-root.crt
broker:
  url: https://127.0.0.1:8443
  server_ca_bundle: /etc/certplane/ca/broker-server-ca-bundle.crt
{more}certificates:
{certificates}"""

CERTIFICATE = """\
  - name: {name}
    profile: {profile}
    dns_names: [{names}]
    key: {folder}/privkey.pem
    cert: {folder}/cert.pem
    chain: {folder}/chain.pem
    fullchain: {folder}/fullchain.pem
"""

POLKIT = """\
polkit.addRule(function(action, subject) {
    if (action.id == "org.freedesktop.systemd1.manage-units" && subject.user == "certplane" &&
        action.lookup("verb") == "reload" && action.lookup("unit") == "nginx.service")
        return polkit.Result.YES;
});
"""

NGINX = """\
worker_processes 1;
pid /run/nginx.pid;
events { worker_connections 256; }
http {
    access_log off;
    server {
        listen 127.0.0.1:443 ssl;
        server_name www.lab.test;
        ssl_certificate %(folder)s/fullchain.pem;
        ssl_certificate_key %(folder)s/privkey.pem;
        location / { return 200 "hello\\n"; }
    }
}
"""

class Host(Machine):
    def __init__(self, package, broker, lower="/", files=None):
        self.package = pathlib.Path(package)
        super().__init__(lower, {
            "/opt/agent.deb": self.package, "/usr/local/bin/certplane-broker": pathlib.Path(broker),
            "/opt/hold-thread.py": pathlib.Path(__file__).with_name("hold_thread.py"), **(files or {})})

    def install_package(self):
        self.sh("dpkg -i --no-triggers /opt/agent.deb")

    def start_lab(self, *options):
        """A lab at fixed ports: the machine's loopback is its own."""
        self.run("systemd-run", "--quiet", "--unit=lab", "--collect", "certplane-broker", "lab", "--dir", "/srv/lab",
                 "--listen", "127.0.0.1:8443", "--step-ca-listen", "127.0.0.1:9443", *options)
        self.wait("the lab", lambda: "ready" in " ".join(m.split(" ")[0] for m in self.messages("lab")))

    def fault(self, *specs):
        """What the broker does wrong from now on; nothing without arguments."""
        self.write("/srv/lab/faults", "".join(f"{spec}\n" for spec in specs))

    def configure(self, certificates=None, more="", extra="    reload_command: systemctl reload nginx\n"):
        certificates = certificates or CERTIFICATE.format(
            name="www", profile="www", names="www.lab.test, api.lab.test", folder="/etc/ssl/certplane/www") + extra
        self.sh("install -d /etc/certplane/ca && cp /srv/lab/ca/*.crt /etc/certplane/ca/")
        self.write("/etc/certplane/agent.yml", CONFIGURATION.format(more=more, certificates=certificates), 0o640)
        self.sh("chgrp certplane /etc/certplane/agent.yml 2>/dev/null || true")

    def put_token(self):
        """As an administrator does: written by root, readable by nobody else."""
        self.sh("install -d /etc/certplane/agent && "
                "install -m 0600 /srv/lab/bootstrap-token /etc/certplane/agent/.token && "
                "mv /etc/certplane/agent/.token /etc/certplane/agent/bootstrap-token")

    def enroll(self):
        self.put_token()
        self.wait("the identity", lambda: self.exists("/var/lib/certplane/agent/identity.crt"))

    def start_nginx(self, folder="/etc/ssl/certplane/www"):
        """nginx with a certificate that somebody made by hand, in the agent's place."""
        self.sh(f"install -d {folder} && test -e {folder}/privkey.pem || openssl req -x509 -newkey ec "
                f"-pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj /CN=old.lab.test "
                f"-keyout {folder}/privkey.pem -out {folder}/fullchain.pem 2>/dev/null; "
                f"chown certplane:certplane {folder} 2>/dev/null || true")
        self.write("/etc/nginx/nginx.conf", NGINX % {"folder": folder})
        self.sh("install -d -o root /var/log/nginx /var/lib/nginx && systemctl start nginx")

    def served_serial(self, address="127.0.0.1:443", options=""):
        return self.sh(f"openssl s_client -connect {address} {options} </dev/null 2>/dev/null | "
                       "openssl x509 -noout -serial", check=False).removeprefix("serial=")

    def disk_serial(self, path="/etc/ssl/certplane/www/cert.pem"):
        return self.sh(f"openssl x509 -in {path} -noout -serial", check=False).removeprefix("serial=")

    def pair_matches(self, folder="/etc/ssl/certplane/www"):
        return self.sh(f"openssl x509 -in {folder}/fullchain.pem -noout -pubkey | sha256sum") == self.sh(
            f"openssl pkey -in {folder}/privkey.pem -pubout | sha256sum")

    def api(self, path, *options):
        answer = self.run("curl", "--silent", "--show-error", "--max-time", "10", *options,
                          f"http://localhost:9780{path}", check=False).stdout
        return json.loads(answer) if answer.startswith(("{", "[")) else answer

    def certificate(self, name="www"):
        answer = self.api(f"/v1/certificates/{name}")
        return answer if isinstance(answer, dict) else {}

    def post(self, path):
        token = self.read("/var/lib/certplane/agent/api.token").strip()
        return self.api(path, "--request", "POST", "--header", f"Authorization: Bearer {token}")

    def await_state(self, state="valid", name="www", patience=40):
        return self.wait(f"{name} to be {state}", lambda: self.certificate(name).get("state") == state, patience)

    def main_pid(self, unit="certplane-agent"):
        return int(self.show(unit, "MainPID")["MainPID"])

    def hold_thread(self, name):
        """Stops one thread of the agent; it goes on when the process is killed."""
        holder = self.start("/usr/bin/python3", "/opt/hold-thread.py", self.main_pid(), name,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if (line := holder.stdout.readline().strip()) != "held":
            raise Wanting(f"the thread {name} can't be held: {line}{holder.stdout.read()}")
        return holder
