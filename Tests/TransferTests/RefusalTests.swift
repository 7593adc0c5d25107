import Foundation
import PKI
import TestSupport
import Testing
import Transfer

/// Handshakes that fail, and requests that never begin.
@Suite struct RefusalTests {
    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func `a server that doesn't know the client's authority is reported with its alert`(version: String)
        async throws
    {
        let (errors, events) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([], requiringClients: true, only: version)
            let stranger = try TestAuthority(named: "Stranger").client("host-1")
            let session = try Session()
            // Often enough to meet the race between the alert and the reset that follows it.
            let errors = (0..<20).map { _ in
                failure { () throws(TransferError) in
                    try session.perform(
                        rig.request(.post, server.url, body: "{}", as: stranger.presented))
                }
            }
            return (errors, server.finish())
        }
        for error in errors {
            #expect(error?.kind == .clientCertificateRefused)
            #expect(error?.message.contains("unknown ca") == true, "\(error?.message ?? "no error")")
            #expect(error?.requestWasSent == false)
        }
        #expect(!events.contains { $0.hasPrefix("request") })
    }

    @Test func `a missing client certificate is reported as refused under TLS 1·3`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([], requiringClients: true, only: "TLSv1_3")
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, body: "{}"))
            }
        }
        #expect(error?.kind == .clientCertificateRefused)
        #expect(error?.message.contains("certificate required") == true)
        #expect(error?.requestWasSent == false)
    }

    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func `an expired client certificate is reported with its alert`(version: String) async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([], requiringClients: true, only: version)
            let past = rig.authority.template(
                commonName: "host-1", usages: [.clientAuth], notBefore: rig.authority.now - 80_000,
                lifetime: 60)
            let expired = try rig.authority.identity(past)
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.get, server.url, as: expired.presented))
            }
        }
        #expect(error?.kind == .clientCertificateRefused)
        #expect(error?.message.contains("certificate expired") == true)
        #expect(error?.requestWasSent == false)
    }

    @Test func `a server of another authority is not trusted`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            let other = try TestAuthority(named: "Other")
            let request = RemoteRequest(
                .post, server.url, tls: MutualTLS(identity: nil, trust: .anchors(other.trustPEM)))
            return failure { () throws(TransferError) in try Session().perform(request) }
        }
        #expect(error?.kind == .serverCertificate)
        #expect(error?.requestWasSent == false)
    }

    @Test func `a server with another host's name is not trusted`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let identity = try rig.authority.server(["other.example.test"], addresses: [])
            let server = try ScriptedServer([.echo], tls: .init(identity: identity), in: rig.scratch)
            return failure { () throws(TransferError) in try Session().perform(rig.request(.post, server.url))
            }
        }
        #expect(error?.kind == .serverCertificate)
        #expect(error?.message.contains("localhost") == true)
        #expect(error?.requestWasSent == false)
    }

    @Test func `a server with an expired certificate is not trusted`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let past = rig.authority.template(
                commonName: "localhost", dnsNames: ["localhost"], usages: [.serverAuth],
                notBefore: rig.authority.now - 80_000, lifetime: 60)
            let server = try ScriptedServer(
                [.echo], tls: .init(identity: try rig.authority.identity(past)), in: rig.scratch)
            return failure { () throws(TransferError) in try Session().perform(rig.request(.post, server.url))
            }
        }
        #expect(error?.kind == .serverCertificate)
        #expect(error?.message.contains("expired") == true)
        #expect(error?.requestWasSent == false)
    }

    @Test func `the dates of a server's certificate are judged by the time that is given`() async throws {
        try await onThread {
            let rig = try Rig()
            let past = rig.authority.template(
                commonName: "localhost", dnsNames: ["localhost"], usages: [.serverAuth],
                notBefore: rig.authority.now - 80_000, lifetime: 60)
            let server = try ScriptedServer(
                [.echo, .echo, .echo, .echo], tls: .init(identity: try rig.authority.identity(past)),
                in: rig.scratch)
            let then = Int64((rig.authority.now - 79_970).timeIntervalSince1970)
            let session = try Session()
            func kind(_ time: VerificationTime, _ session: Session) -> TransferError.Kind? {
                var request = rig.request(.get, server.url)
                request.tls.verifiedAt = time
                return failure { () throws(TransferError) in try session.perform(request) }?.kind
            }
            #expect(kind(.noTime, session) == nil)
            #expect(
                kind(.system, session) == .serverCertificate,
                "neither the connection nor the session is used again")
            #expect(kind(.at(secondsSince1970: then), session) == nil)
            #expect(try kind(.at(secondsSince1970: then + 3600), Session()) == .serverCertificate)
        }
    }

    @Test func `without dates a server of another authority is still not trusted`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            let other = try TestAuthority(named: "Other")
            let request = RemoteRequest(
                .get, server.url,
                tls: MutualTLS(identity: nil, trust: .anchors(other.trustPEM), verifiedAt: .noTime))
            return failure { () throws(TransferError) in try Session().perform(request) }
        }
        #expect(error?.kind == .serverCertificate)
    }

    @Test func `TLS 1·1 is too old`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo], only: "TLSv1_1")
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url))
            }
        }
        #expect(error?.kind == .tls)
        #expect(error?.requestWasSent == false)
    }

    @Test func `a key of another certificate is an unusable identity`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            let other = try rig.authority.client("host-2")
            let mixed = ClientIdentity(
                certificateChain: rig.client.chainPEM, privateKey: other.keyBytes.span)
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, as: mixed))
            }
        }
        #expect(error?.kind == .unusableIdentity)
        #expect(error?.requestWasSent == false)
    }

    @Test(arguments: ["", "not PEM"]) func `anchors that hold no certificate trust nobody`(pem: String)
        async throws
    {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            let request = RemoteRequest(
                .post, server.url, tls: MutualTLS(identity: nil, trust: .anchors(Array(pem.utf8))))
            return failure { () throws(TransferError) in try Session().perform(request) }
        }
        #expect(error?.kind == .unusableTrust)
        #expect(error?.requestWasSent == false)
    }

    @Test func `a closed port is a failed connection`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try ScriptedServer(
                [], tls: .init(identity: try rig.authority.server(), conduct: "deaf"), in: rig.scratch)
            return failure { () throws(TransferError) in try Session().perform(rig.request(.post, server.url))
            }
        }
        #expect(error?.kind == .connect)
        #expect(error?.requestWasSent == false)
    }

    @Test func `a name that can't exist isn't resolved`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let name = String(repeating: "a", count: 64) + ".example.test"
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, "https://\(name)/"))
            }
        }
        #expect(error?.kind == .resolve)
        #expect(error?.requestWasSent == false)
    }

    @Test(arguments: [
        "http://localhost/", "file:///etc/passwd", "ftp://localhost/", "localhost", "", "https://",
        "//localhost/",
        "https://user:pw@localhost/", "https://user@localhost/", "https://localhost/#part",
        "https://local host/",
        "https://localhost/\r\nX: y",
    ])
    func `only a plain https URL is asked`(url: String) throws {
        let trust = ServerTrust.anchors([])
        let error = failure { () throws(TransferError) in
            try Session().perform(RemoteRequest(.get, url, tls: MutualTLS(identity: nil, trust: trust)))
        }
        #expect(error?.kind == .invalidRequest)
        #expect(error?.requestWasSent == false)
    }

    @Test(arguments: [
        HeaderField("X", "a\r\nY: b"), HeaderField("X\r\nY", "b"), HeaderField("X: Y", "b"),
        HeaderField("", "b"),
        HeaderField("X", "a\u{0}"),
    ])
    func `a header field can't bring another one along`(field: HeaderField) throws {
        let request = LocalRequest(.get, "/", at: .loopbackIPv4(port: 1), headers: [field])
        let error = failure { () throws(TransferError) in try Session().perform(request) }
        #expect(error?.kind == .invalidRequest)
    }

    @Test(arguments: ["", "v1", "//\u{0}", "/a b", "/a\r\n", "/ä", "/#", "@example.test/"])
    func `a local target is a path and can't lead elsewhere`(target: String) throws {
        let request = LocalRequest(.get, target, at: .loopbackIPv4(port: 1))
        let error = failure { () throws(TransferError) in try Session().perform(request) }
        #expect(error?.kind == .invalidRequest)
    }
}
