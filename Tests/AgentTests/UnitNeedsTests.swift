import Configuration
import FoundationEssentials
import Lifecycle
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct ReloadWordsTests {
    typealias Control = ReloadWords.UnitControl

    @Test(arguments: [
        ("systemctl reload nginx", [Control(verb: "reload", unit: "nginx.service")]),
        (
            "/bin/systemctl --no-block reload 'nginx.service'",
            [Control(verb: "reload", unit: "nginx.service")]
        ),
        (
            "systemctl reload nginx haproxy && systemctl try-restart stunnel@a",
            [
                Control(verb: "reload", unit: "nginx.service"),
                Control(verb: "reload", unit: "haproxy.service"),
                Control(verb: "try-restart", unit: "stunnel@a.service"),
            ]
        ),
        (
            "A=1 exec systemctl try-reload-or-restart x",
            [Control(verb: "reload-or-try-restart", unit: "x.service")]
        ),
        ("timeout -k 5 10 systemctl restart x.socket", [Control(verb: "restart", unit: "x.socket")]),
        ("service nginx reload", [Control(verb: "reload", unit: "nginx.service")]),
        ("test -e /run/x && { systemctl reload y; }", [Control(verb: "reload", unit: "y.service")]),
    ])
    func `the jobs that a command asks for are read off it`(command: String, controls: [Control]) {
        #expect(ReloadWords(command).controls == controls)
    }

    @Test(arguments: [
        "systemctl --user reload x", "systemctl is-active x", "systemctl reload \"$UNIT\"",
        "echo 'systemctl reload x'", "touch /run/x", "", "  ", "'unfinished",
    ])
    func `what asks for none, or can't be known, is not judged`(command: String) {
        #expect(ReloadWords(command).controls.isEmpty)
    }

    @Test(arguments: [
        ("sudo systemctl reload nginx", "sudo"), ("kill -HUP 12", "kill"),
        ("/usr/sbin/nginx -s reload", "nginx"),
        ("cat x | docker exec c reload", "docker"), ("true; pkill -HUP dovecot", "pkill"),
    ])
    func `a program that takes root's rights is doubted`(command: String, program: String) {
        #expect(ReloadWords(command).doubts.map(\.program) == [program])
    }
}

@Suite struct UnitDropInTests {
    @Test func `the usual layout needs nothing of the unit but the polkit rule`() throws {
        let dropIn = try UnitDropIn(Self.settings("reload_command: systemctl reload nginx"))
        #expect(dropIn.dropIn == nil)
        #expect(dropIn.rule?.contains("\"reload nginx.service\"") == true)
        #expect(dropIn.script.contains("cat >/etc/polkit-1/rules.d/50-certplane-agent.rules <<'END'"))
        #expect(!dropIn.script.contains("install -d -o certplane"))
    }

    @Test func `without reload commands and other places the unit suffices`() throws {
        let dropIn = try UnitDropIn(Self.settings())
        #expect(dropIn.rule == nil && dropIn.dropIn == nil)
        #expect(dropIn.script.contains("# Nothing: the unit suffices as it is."))
    }

    @Test func `each place outside is made writable once, with its quirks escaped`() throws {
        let dropIn = try UnitDropIn(Self.settings(folder: "/srv/it's 100%/tls"))
        #expect(dropIn.dropIn?.contains("ReadWritePaths=-\"/srv/it's 100%%/tls\"\n") == true)
        #expect(
            dropIn.script.contains("install -d -o certplane -g certplane -m 0755 '/srv/it'\\''s 100%/tls'\n"))
    }

    @Test(arguments: [
        "/srv/my keys", "/srv/it's 50%", "/srv/a \\\"b\\\"'c", "/srv/$HOME",
        "/srv/back\\\\slash x", "/srv/%%",
    ])
    func `what the drop-in makes writable is what check reads from it`(folder: String) throws {
        let settings = try Self.settings(folder: folder)
        let unit = ServiceUnit(try #require(UnitDropIn(settings).dropIn))
        let directory = try #require(UnitNeeds(settings, account: "certplane").outputDirectories.first)
        #expect(unit.writable.contains(directory))
    }

    @Test func `a directory that belongs to others is opened to the agent's group`() throws {
        let dropIn = try UnitDropIn(Self.settings()) { $0 == "/etc/ssl/certplane/www" }
        #expect(
            dropIn.script.contains(
                "chgrp certplane '/etc/ssl/certplane/www' && chmod g+rwx '/etc/ssl/certplane/www'"))
        #expect(!dropIn.script.contains("# Nothing"))
        #expect(dropIn.dropIn == nil)
    }

    @Test func `places are named as systemd names them`() throws {
        let needs = UnitNeeds(
            try Self.settings(folder: "/etc/ssl/certplane/../other/./tls"), account: "certplane")
        #expect(needs.outputDirectories == ["/etc/ssl/other/tls"])
        #expect(UnitNeeds.directory(of: "/file") == "/" && UnitNeeds.directory(of: "/../../a//b/c") == "/a/b")
    }

    @Test func `whose a directory is follows from owner, group and mode`() throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path("d")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        #expect(UnitNeeds.isForeign(directory, to: "nobody") == (ProcessFacts.userID == 0))
        #expect(!UnitNeeds.isForeign(directory, to: "root"))
        #expect(!UnitNeeds.isForeign(scratch.path("missing"), to: "nobody"))
        #expect(!UnitNeeds.isForeign(directory, to: "no such account"))
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory)
        #expect(!UnitNeeds.isForeign(directory, to: "nobody"))
    }

    @Test func `a group is joined, another owner takes capabilities`() throws {
        let group = try UnitDropIn(Self.settings("group: ssl-cert")).dropIn
        #expect(group?.contains("SupplementaryGroups=ssl-cert\n") == true)
        #expect(group?.contains("CAP_") == false)
        let owner = try UnitDropIn(Self.settings("owner: postgres\n    group: postgres")).dropIn
        #expect(owner?.contains("AmbientCapabilities=CAP_CHOWN CAP_FOWNER CAP_DAC_READ_SEARCH\n") == true)
        // The unit that enrols writes no outputs.
        let script = try UnitDropIn(Self.settings("owner: postgres")).script
        #expect(!script.contains("certplane-agent-enroll.service.d"))
        #expect(try UnitDropIn(Self.settings("owner: certplane")).dropIn == nil)
    }

    @Test func `a command that can't work is told in the script`() throws {
        let script = try UnitDropIn(Self.settings("reload_command: sudo systemctl reload nginx")).script
        #expect(script.contains("# www: the reload command's 'sudo' can't work under the unit"))
    }

    @Test func `what lies at home or in tmp opens the unit to it`() throws {
        let home = try UnitDropIn(Self.settings(folder: "/home/app/tls")).dropIn
        #expect(home?.contains("ProtectHome=no\n") == true)
        let tmp = try UnitDropIn(Self.settings(folder: "/tmp/tls")).dropIn
        #expect(tmp?.contains("PrivateTmp=no\n") == true)
    }

    static func settings(_ more: String = "", folder: String = "/etc/ssl/certplane/www") throws
        -> AgentConfiguration
    {
        let text = """
            identity:
              name: edge01
              cert: /var/lib/certplane/agent/identity.crt
              key: /var/lib/certplane/agent/identity.key
              issuer_ca_bundle: /etc/certplane/ca/a.crt
              bootstrap_token: /etc/certplane/agent/bootstrap-token
              step_ca: {url: "https://ca", root_ca_bundle: /etc/certplane/ca/b.crt}
            broker: {url: "https://broker", server_ca_bundle: /etc/certplane/ca/c.crt}
            certificates:
              - name: www
                profile: www
                dns_names: [www.example.com]
                key: "\(folder)/k"
                cert: "\(folder)/c"
                chain: "\(folder)/h"
                fullchain: "\(folder)/f"
                \(more)

            """
        return try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
    }
}

@Suite struct ServiceUnitTests {
    @Test func `the last value counts, lists add up, an empty value begins anew`() {
        let unit = ServiceUnit(
            """
            [Unit]
            User=nobody
            [Service]
            # User=comment
            User=a
            User=certplane
            ReadWritePaths=-/a \\
                /b
            ReadWritePaths="/c"
            StateDirectory=certplane certplane/agent
            AmbientCapabilities=CAP_X
            AmbientCapabilities=
            ProtectSystem = strict
            """)
        #expect(unit.value("User") == "certplane")
        #expect(
            unit.writable.starts(with: ["/a", "/b", "/c", "/var/lib/certplane", "/var/lib/certplane/agent"]))
        #expect(unit.list("AmbientCapabilities").isEmpty)
        #expect(unit.isStrict && !unit.isRoots)
    }

    @Test func `what the unit doesn't give is found`() throws {
        let unit = ServiceUnit(
            "[Service]\nUser=certplane\nProtectSystem=strict\nStateDirectory=certplane\nReadWritePaths=/etc/ssl/certplane /etc/certplane/agent"
        )
        func messages(_ more: String = "", folder: String = "/etc/ssl/certplane/www", rules: String? = "")
            throws
            -> [String]
        {
            Inspection(try UnitDropInTests.settings(more, folder: folder))
                .unitFindings(unit, polkitRules: rules).filter { $0.severity == .warning }.map(\.message)
        }
        #expect(try messages().isEmpty)
        #expect(
            try messages(folder: "/etc/nginx/tls") == ["/etc/nginx/tls is outside what the unit may write"])
        #expect(
            try messages("reload_command: systemctl reload nginx")
                == ["no polkit rule lets certplane reload nginx.service"])
        #expect(try messages("reload_command: systemctl reload nginx", rules: nil).isEmpty)
        #expect(
            try messages("reload_command: systemctl reload nginx", rules: "nginx.service certplane").isEmpty)
        #expect(
            try messages("reload_command: sudo nginx -s reload")
                == [
                    "the reload command of www can't work under it: 'sudo': it can't gain rights: NoNewPrivileges is set"
                ])
        #expect(
            try messages("owner: postgres")
                == ["files are to belong to another user, and the unit may not give them away"])
        #expect(
            try messages("group: ssl-cert") == ["files are to belong to ssl-cert, and certplane is no member"]
        )
    }

    @Test func `what belongs to the unit's user is in order for root who checks, and for nobody else`() {
        let unit = ServiceUnit("[Service]\nUser=4711\n")
        #expect(Inspection.isAgents(4711, unit: unit, asker: 0))
        #expect(!Inspection.isAgents(4712, unit: unit, asker: 0))
        #expect(!Inspection.isAgents(4711, unit: nil, asker: 0))
        #expect(!Inspection.isAgents(4711, unit: unit, asker: 1000))
        #expect(Inspection.isAgents(1000, unit: unit, asker: 1000))
        #expect(Inspection.isAgents(0, unit: nil, asker: 1000))
    }

    @Test func `a unit that runs as root with everything writable is asked for nothing`() throws {
        let plain = ServiceUnit("[Service]\nType=simple\nExecStart=/usr/local/bin/certplane-agent run\n")
        let settings = try UnitDropInTests.settings(
            "reload_command: sudo systemctl reload nginx\n    owner: postgres", folder: "/etc/nginx")
        #expect(Inspection(settings).unitFindings(plain, polkitRules: "").map(\.severity) == [.ok])
    }
}
