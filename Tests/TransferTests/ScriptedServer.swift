import Foundation
import PKI
import TestSupport

/// A server in a process of its own that does to each request, in the order of their coming, what the test
/// says, and reports what it saw. It ends with the test at the latest: it reads its standard input, which
/// closes then.
final class ScriptedServer {
    enum Step {
        /// 200, with the request as it came as the body.
        case echo
        /// 200, with the common name of the client certificate, or nothing, as the body.
        case clientName
        /// 200 with a body of so many bytes.
        case bytes(Int)
        case raw(String)
        case rawThenClose(String)
        /// 200, and then the connection goes: with TLS's own goodbye, or without.
        case echoThenClose(notify: Bool)
        /// Reads the request and closes.
        case close
        /// Reads the request and never answers.
        case hang
    }

    struct TLS {
        var identity: TestIdentity
        var clientTrust: [UInt8]? = nil
        var only: String? = nil
        /// `deaf` does not listen, `silent` accepts and says nothing, `goodbye` closes after the handshake.
        var conduct = "usual"
    }

    private(set) var port: UInt16 = 0
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()
    private var hasEnded = false

    struct Unready: Error {}

    /// TLS on a free port of 127.0.0.1; plain HTTP without `tls`, there or at `socketPath`.
    init(_ steps: [Step], tls: TLS? = nil, socketPath: String? = nil, in scratch: ScratchDirectory) throws {
        var options: [String: Any] = ["steps": steps.map(\.json)]
        if let socketPath { options["socket"] = socketPath }
        if let tls {
            let serial = UUID().uuidString
            let chain = String(decoding: tls.identity.chainPEM, as: UTF8.self)
            options["cert"] = try scratch.write("\(serial).pem", chain)
            let key = String(decoding: tls.identity.keyBytes, as: UTF8.self)
            options["key"] = try scratch.write("\(serial).key", key)
            if let trust = tls.clientTrust {
                let text = String(decoding: trust, as: UTF8.self)
                options["client_ca"] = try scratch.write("\(serial).ca", text)
            }
            options["only"] = tls.only
            options["conduct"] = tls.conduct
        }
        let json = String(decoding: try JSONSerialization.data(withJSONObject: options), as: UTF8.self)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", Self.script, try scratch.write("\(UUID().uuidString).json", json),
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard let line = nextEvent(), let port = UInt16(line) else { throw Unready() }
        self.port = port
    }

    deinit { end() }

    /// Said and not left to the closing of the pipe, whose ends other children may have inherited.
    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        // A server that is gone has nothing left to say.
        try? input.fileHandleForWriting.write(contentsOf: [10])
    }

    var url: String { "https://localhost:\(port)" }

    /// The next event, when it has happened: `connection`, `handshake failed`, `request <request line>`.
    func nextEvent() -> String? {
        while true {
            if let end = unread.firstIndex(of: 10) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread = Data(unread[(end + 1)...])
                return line
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            unread += more
        }
    }

    /// Ends the server; all events that weren't asked for yet.
    func finish() -> [String] {
        end()
        var events: [String] = []
        while let event = nextEvent(), event != "end" { events.append(event) }
        return events
    }

    private static let script = #"""
        import json, os, socket, ssl, sys, threading, warnings
        warnings.simplefilter("ignore")
        o = json.load(open(sys.argv[1]))
        context = None
        if "cert" in o:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(o["cert"], o["key"])
            if "client_ca" in o:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(o["client_ca"])
            if "only" in o:
                if o["only"] < "TLSv1_2": context.set_ciphers("ALL:@SECLEVEL=0")
                version = getattr(ssl.TLSVersion, o["only"])
                context.minimum_version = version
                context.maximum_version = version
        lock = threading.Lock()
        steps = iter(o["steps"])
        held = []
        def say(text):
            with lock: print(text, flush=True)
        def read_request(f):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = f.readline(65537)
                if not line: return None
                head += line
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"): length = int(line.split(b":")[1])
            return head + f.read(length)
        def answer(s, body):
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Request-Id: 7\r\n\r\n" % len(body) + body)
        def serve(s):
            say("connection")
            if o.get("conduct") == "silent":
                held.append(s)
                return
            if context:
                try: s = context.wrap_socket(s, server_side=True)
                except OSError:
                    say("handshake failed")
                    return
            if o.get("conduct") == "goodbye":
                s.close()
                return
            f = s.makefile("rb")
            try:
                while True:
                    request = read_request(f)
                    if request is None: break
                    say("request " + request.split(b"\r\n")[0].decode())
                    with lock: step = next(steps)
                    kind = step[0]
                    if kind == "echo": answer(s, request)
                    elif kind == "bytes": answer(s, b"x" * step[1])
                    elif kind == "client":
                        subject = dict(pair for rdn in s.getpeercert()["subject"] for pair in rdn)
                        answer(s, subject["commonName"].encode())
                    elif kind == "raw": s.sendall(step[1].encode())
                    elif kind == "rawThenClose":
                        s.sendall(step[1].encode())
                        break
                    elif kind == "echoThenClose":
                        answer(s, request)
                        if step[1]:
                            s.settimeout(0.01)
                            try: s.unwrap()
                            except OSError: pass
                        break
                    elif kind == "close": break
                    elif kind == "hang":
                        f.read(1)
                        break
            except OSError: pass
            f.close()
            s.close()
            say("closed")
        if "socket" in o:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(o["socket"])
            listener.listen()
            say("0")
        else:
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            if o.get("conduct") != "deaf": listener.listen()
            say(str(listener.getsockname()[1]))
        def accept():
            while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        if o.get("conduct") != "deaf": threading.Thread(target=accept, daemon=True).start()
        sys.stdin.read(1)
        say("end")
        os._exit(0)
        """#
}

extension ScriptedServer.Step {
    fileprivate var json: [Any] {
        switch self {
        case .echo: ["echo"]
        case .clientName: ["client"]
        case .bytes(let count): ["bytes", count]
        case .raw(let text): ["raw", text]
        case .rawThenClose(let text): ["rawThenClose", text]
        case .echoThenClose(let notify): ["echoThenClose", notify]
        case .close: ["close"]
        case .hang: ["hang"]
        }
    }
}
