import HTTP
import HTTPServer
import POSIX
import RequestVectors
import TestSupport
import Testing

/// The vectors of the parser over a real socket: in one piece, byte by byte, and split at every byte.
struct VectorTests {
    @Test(arguments: Vector.all)
    func `a vector over a socket, in one piece and byte by byte`(vector: Vector) throws {
        let server = try RunningReactor(handler: EchoHandler())
        try check(vector, server, pieces: [vector.bytes])
        let bytes = vector.bytes.count > 3000 ? chunks(of: vector.bytes, 512) : vector.bytes.map { [$0] }
        try check(vector, server, pieces: bytes)
    }

    /// Long vectors, which only repeat themselves, are split at every 1021st byte.
    @Test(arguments: Vector.all)
    func `a vector over a socket, split in two at every byte`(vector: Vector) throws {
        let server = try RunningReactor(handler: EchoHandler())
        let step = vector.bytes.count > 1000 ? 1021 : 1
        let splits = Array(stride(from: 1, to: vector.bytes.count, by: step))
        // Many connections at a time, as far as what they send has room together.
        let together = vector.bytes.count > 1000 ? 8 : 64
        for start in stride(from: 0, to: splits.count, by: together) {
            let group = splits[start..<min(splits.count, start + together)]
            let clients = try group.map { split in
                let client = try server.client()
                try client.send(Array(vector.bytes[..<split]))
                return (client, split)
            }
            for (client, split) in clients {
                // Who was refused at the first half may be told nothing more.
                try? client.send(Array(vector.bytes[split...]))
                client.endSending()
            }
            for (client, split) in clients {
                let found = try verdicts(client, of: vector)
                guard found == expected(vector) else {
                    Issue.record("split at \(split): \(found) instead of \(expected(vector))")
                    return
                }
            }
        }
    }

    private func check(_ vector: Vector, _ server: RunningReactor, pieces: [[UInt8]]) throws {
        let client = try server.client()
        for piece in pieces {
            do { try client.send(piece) } catch { break }
        }
        client.endSending()
        #expect(try verdicts(client, of: vector) == expected(vector))
    }

    private func chunks(of bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min(bytes.count, $0 + size)]) }
    }

    /// What the client should see: an answer for each request up to the one that closes, and the refusal.
    private func expected(_ vector: Vector) -> [String] {
        var verdicts: [String] = []
        for event in vector.events {
            let words = event.split(separator: " ")
            switch words.first {
            case "request":
                verdicts.append("200 " + event)
                // What comes after is not read.
                if words.count > 3, words[3] == "close" { return verdicts }
            case "refused": verdicts.append("\(words[1]) close")
            default: break
            }
        }
        return verdicts
    }

    /// The answers as `expected` writes them; nothing may follow the last.
    private func verdicts(_ client: RawClient, of vector: Vector) throws -> [String] {
        var verdicts: [String] = []
        for _ in expected(vector) {
            var answer = try client.answer(hasBody: !isHead(verdicts.count, of: vector))
            while answer.status == 100 { answer = try client.answer() }
            if answer.status == 200 {
                verdicts.append("200 " + (answer.fields["x-verdict"] ?? ""))
            } else {
                verdicts.append("\(answer.status) \(answer.fields["connection"] ?? "")")
            }
        }
        var rest = try client.rest()
        let interim = ResponseHead.continueLine
        if rest.elementsEqual(interim) { rest = [] }
        if !rest.isEmpty { verdicts.append("and then: \(printable(rest))") }
        return verdicts
    }

    private func isHead(_ number: Int, of vector: Vector) -> Bool {
        let requests = vector.events.filter { $0.hasPrefix("request ") }
        return number < requests.count && requests[number].hasPrefix("request HEAD ")
    }
}

/// Says what it was asked, in a field.
private struct EchoHandler: RequestHandler {
    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        .now(Response(.ok, fields: [Field("X-Verdict", describe(request))], body: .bytes(Array("ok".utf8))))
    }
}
