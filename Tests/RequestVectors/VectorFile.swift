import Foundation
public import HTTP
public import Testing

/// One request, or several, with the verdict the parser must come to.
///
/// In a `.http` file a vector begins with `=== its name`, its verdicts follow as `> event` in their order, and then
/// what goes over the wire: line ends of the file mean nothing, `\r \n \t \0 \\ \xHH` stand for their bytes and
/// `\{N*text}` for N times the text. Lines before the first vector are comment.
public struct Vector: Sendable, CustomTestStringConvertible {
    public let name: String
    public let events: [String]
    public let bytes: [UInt8]

    public var testDescription: String { name }

    public static let all: [Vector] = files.flatMap(vectors)

    private static var files: [URL] {
        let folder = Bundle.module.bundleURL.appendingPathComponent("Vectors")
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (found ?? []).sorted { $0.path < $1.path }
    }

    private static func vectors(in file: URL) -> [Vector] {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let topic = file.deletingPathExtension().lastPathComponent
        var vectors: [Vector] = []
        var name: String?
        var events: [String] = []
        var wire = ""
        func end() {
            guard let name else { return }
            vectors.append(Vector(name: "\(topic): \(name)", events: events, bytes: unescape(wire)))
            events = []
            wire = ""
        }
        for line in text.split(separator: "\n") {
            if line.hasPrefix("=== ") {
                end()
                name = String(line.dropFirst(4))
            } else if line.hasPrefix("> ") {
                events.append(printable(unescape(String(line.dropFirst(2)))))
            } else if name != nil {
                wire += line
            }
        }
        end()
        return vectors
    }

    private static func unescape(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "{"):
                let inner = rest.prefix { $0 != UInt8(ascii: "}") }
                let parts = String(decoding: inner, as: UTF8.self).split(separator: "*", maxSplits: 1)
                rest = rest.dropFirst(inner.count + 1)
                let repeated = unescape(String(parts[1]))
                for _ in 0..<(Int(parts[0]) ?? 0) { bytes += repeated }
            default: bytes.append(escape)
            }
        }
        return bytes
    }
}

/// `bytes` as text that shows what cannot be printed.
public func printable(_ bytes: [UInt8]) -> String {
    bytes.reduce(into: "") { text, byte in
        text += byte >= 32 && byte < 127 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
    }
}

/// What a parser makes of `pieces`, as the verdicts of the vectors are written.
public func events(of pieces: [[UInt8]], limits: Limits = Limits()) -> [String] {
    var parser = RequestParser(limits: limits)
    var events: [String] = []
    for piece in pieces {
        var rest = piece[...]
        while !rest.isEmpty {
            let (consumed, event) = parser.read(rest)
            rest = rest.dropFirst(consumed)
            if case .needsMore = event, consumed == 0 { return ["stands still"] }
            switch event {
            case .needsMore: continue
            case .continueExpected: events.append("continue")
            case .request(let request): events.append(describe(request))
            case .refused(let reason):
                return events + ["refused \(reason.status.code) \(reason)"]
            }
        }
    }
    return parser.phase == .idle && !events.isEmpty || events.last == "continue"
        ? events : events + ["incomplete"]
}

/// A request as the verdicts say it.
public func describe(_ request: Request) -> String {
    let body = request.body.isEmpty ? "" : " body=" + printable(request.body)
    let connection = request.keepsAlive ? "keep-alive" : "close"
    return "request \(request.method.name) \(request.target.text) \(connection)\(body)"
}
