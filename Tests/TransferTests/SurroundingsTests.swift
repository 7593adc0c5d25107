import Foundation
import TestSupport
import Testing
import Transfer

@Suite struct SurroundingsTests {
    /// In a process of its own, since the environment belongs to all of it.
    @Test func `the environment has no say`() async {
        await #expect(processExitsWith: .success) {
            let rig = try Rig()
            let keyLog = rig.scratch.path("keys.log")
            try rig.scratch.write(".netrc", "machine localhost login u password p\n")
            for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setenv(name, "http://127.0.0.1:1", 1)
            }
            setenv("SSL_CERT_FILE", "/nonexistent", 1)
            setenv("SSLKEYLOGFILE", keyLog, 1)
            setenv("HOME", rig.scratch.path, 1)
            let server = try rig.server([.echo])
            let answer = try Session().perform(rig.request(.get, server.url))
            #expect(answer.status == 200)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("Authorization"))
            #expect(!FileManager.default.fileExists(atPath: keyLog))
        }
    }

    /// In a process of its own, since the signal would end it.
    @Test func `writing to a closed connection raises no signal`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let rig = try Rig()
            let server = try ScriptedServer(
                [], tls: .init(identity: try rig.authority.server(), conduct: "goodbye"), in: rig.scratch)
            let body = String(repeating: "x", count: 16 << 20)
            let error = failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, body: body))
            }
            #expect(error?.kind == .closedEarly)
        }
    }
}
