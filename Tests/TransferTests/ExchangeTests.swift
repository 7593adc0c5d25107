import Foundation
import PKI
import TestSupport
import Testing
import Transfer

@Suite struct ExchangeTests {
    @Test func `a request arrives as it was made and its answer comes back whole`() async throws {
        let (answer, events) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            let answer = try Session().perform(
                rig.request(
                    .post, server.url + "/v1/certificates?x=%2F", body: "{\"csr\": 1}",
                    headers: [HeaderField("Content-Type", "application/json"), HeaderField("X-Empty", "")]))
            return (answer, server.finish())
        }
        #expect(answer.status == 200)
        #expect(answer.headers["x-request-ID"] == "7")
        #expect(answer.headers["Missing"] == nil)
        #expect(answer.peerAddress == "127.0.0.1")
        #expect(!answer.reusedConnection)
        #expect(answer.timings.handshaken >= answer.timings.connected)
        #expect(answer.timings.total >= answer.timings.firstByte)
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.hasPrefix("POST /v1/certificates?x=%2F HTTP/1.1\r\nHost: localhost:"))
        #expect(text.contains("\r\nContent-Type: application/json\r\n"))
        #expect(text.contains("\r\nX-Empty:\r\n"))
        #expect(!text.contains("Expect:"))
        #expect(text.hasSuffix("\r\n\r\n{\"csr\": 1}"))
        #expect(events.first == "connection")
    }

    @Test func `an empty POST has a length and no invented content type`() async throws {
        let answer = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            return try Session().perform(rig.request(.post, server.url + "/1.0/renew"))
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.contains("\r\nContent-Length: 0\r\n"))
        #expect(!text.contains("Content-Type"))
    }

    @Test(arguments: ["TLSv1_2", "TLSv1_3"]) func `the server sees the client's certificate`(version: String)
        async throws
    {
        let answer = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.clientName], requiringClients: true, only: version)
            return try Session().perform(rig.request(.get, server.url, as: rig.client.presented))
        }
        #expect(answer.body == Array("host-1".utf8))
    }

    @Test func `a redirect is an answer and is not followed`() async throws {
        let (answer, events) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([
                .raw("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), .echo,
            ])
            let answer = try Session().perform(rig.request(.get, server.url))
            return (answer, server.finish())
        }
        #expect(answer.status == 302)
        #expect(answer.headers["location"] == "/elsewhere")
        #expect(events.filter { $0.hasPrefix("request") } == ["request GET / HTTP/1.1"])
    }

    @Test func `an interim answer and a trailer leave no fields behind`() async throws {
        let answer = try await onThread {
            let rig = try Rig()
            let server = try rig.server([
                .raw(
                    "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                        + "HTTP/1.1 201 Created\r\nSet: a\r\nSet:  b \r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n")
            ])
            return try Session().perform(rig.request(.get, server.url))
        }
        #expect(answer.status == 201)
        #expect(answer.body == Array("abc".utf8))
        #expect(answer.headers["X-Early"] == nil)
        #expect(answer.headers["X-Late"] == nil)
        #expect(answer.headers.all("set") == ["a", "b"])
    }

    @Test func `a kept connection is used again, and not with another identity`() async throws {
        let answers = try await onThread {
            let rig = try Rig()
            let server = try rig.server(
                [.clientName, .clientName, .clientName], requiringClients: true)
            let session = try Session()
            let renewed = try rig.authority.client("host-2")
            return try [rig.client, rig.client, renewed].map {
                try session.perform(rig.request(.post, server.url, as: $0.presented))
            }
        }
        #expect(answers.map(\.reusedConnection) == [false, true, false])
        #expect(answers.map { String(decoding: $0.body, as: UTF8.self) } == ["host-1", "host-1", "host-2"])
    }

    @Test func `what was fetched without verification doesn't lend its connection`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo, .echo])
            let session = try Session()
            let unverified = RemoteRequest(
                .get, server.url, tls: MutualTLS(identity: nil, trust: .unverified))
            _ = try session.perform(unverified)
            let other = try TestAuthority(named: "Other")
            return failure { () throws(TransferError) in
                try session.perform(
                    RemoteRequest(
                        .get, server.url,
                        tls: MutualTLS(identity: nil, trust: .anchors(other.trustPEM))))
            }
        }
        #expect(error?.kind == .serverCertificate)
    }

    @Test func `a Unix socket and a loopback port are reached in plain HTTP`() async throws {
        let answers = try await onThread {
            let rig = try Rig()
            let path = rig.scratch.path("api.sock")
            let unix = try ScriptedServer([.echo], socketPath: path, in: rig.scratch)
            let tcp = try ScriptedServer([.echo], in: rig.scratch)
            let session = try Session()
            let answers = [
                try session.perform(LocalRequest(.get, "/v1/status?a=b", at: .unixSocket(path: path))),
                try session.perform(
                    LocalRequest(
                        .post, "/v1/reload", at: .loopbackIPv4(port: tcp.port), body: Array("{}".utf8))),
            ]
            _ = (unix.finish(), tcp.finish())
            return answers
        }
        let texts = answers.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(texts[0].hasPrefix("GET /v1/status?a=b HTTP/1.1\r\nHost: localhost\r\n"))
        #expect(texts[1].hasPrefix("POST /v1/reload HTTP/1.1\r\nHost: 127.0.0.1:"))
        #expect(texts[1].hasSuffix("{}"))
    }
}
