import POSIX
import TestSupport
import Testing

/// Debian's nginx, serving one certificate over TLS on loopback, everything under a prefix of its own.
final class NginxProcess: Sendable {
    let process: RunningProcess
    let port: UInt16

    /// What an operator writes as `reload_command`. Before nginx has started there is nothing to reload.
    static func reloadCommand(_ scenario: Scenario) -> String {
        let prefix = scenario.scratch.path("nginx")
        return "test ! -e \(prefix)/nginx.pid || nginx -p \(prefix) -c \(prefix)/nginx.conf -s reload"
    }

    /// Starts it and waits until it answers a handshake.
    init(_ scenario: Scenario, serving files: CertificateFiles) throws {
        let prefix = scenario.scratch.path("nginx")
        let port = try FreePort.choose()
        try scenario.scratch.write("nginx/nginx.conf", Self.configuration(prefix, port, files))
        process = try scenario.start("nginx", Program.nginx, ["-p", prefix, "-c", prefix + "/nginx.conf"])
        self.port = port
        try scenario.wait(until: "nginx to serve") {
            if let end = process.end { throw Shortcoming("nginx ended: \(end)") }
            return try servedSerial() != nil
        }
    }

    /// The serial number in the leaf that a new connection is shown, `1A2B…`; nil without a handshake.
    func servedSerial() throws -> String? {
        let line =
            "openssl s_client -connect 127.0.0.1:\(port) -servername www.lab.test"
            + " | openssl x509 -noout -serial"
        let serial = try Shell.line(line + " 2>/dev/null").lines.last { $0.hasPrefix("serial=") }
        return serial?.split(separator: "=").last.map(String.init)
    }

    private static func configuration(_ prefix: String, _ port: UInt16, _ files: CertificateFiles) -> String {
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "    \($0)_temp_path \(prefix)/\($0);" }.joined(separator: "\n")
        return """
            daemon off;
            worker_processes 2;
            pid \(prefix)/nginx.pid;
            error_log stderr;
            events {}
            http {
                access_log off;
            \(folders)
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(files.fullchain);
                    ssl_certificate_key \(files.key);
                    return 200 "here\\n";
                }
            }

            """
    }
}

enum FreePort {
    /// A port that was free a moment ago, for programs that can't choose one and say which.
    static func choose() throws -> UInt16 {
        guard let port = try Socket.listen(host: "127.0.0.1", port: 0).localPort() else {
            throw Shortcoming("no free port")
        }
        return port
    }
}
