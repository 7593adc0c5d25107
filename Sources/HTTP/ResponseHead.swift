/// Writes the heads of answers. What one of them began with is kept for the next that begins the same, which is most
/// often the case: then only its name is written.
public struct ResponseHead: Sendable {
    /// How the connection goes on after the answer, and so what its Connection field says.
    public enum Persistence: Sendable {
        /// HTTP/1.1 keeps alive without a word.
        case keepsAlive
        /// HTTP/1.0 has to be told (RFC 9112 section 9.3).
        case keepsAliveSaidSo
        case closes
    }

    /// The interim answer to `Expect: 100-continue`.
    public static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// A rendered Date value.
    public var date: [UInt8] {
        didSet { kept = nil }
    }
    private var kept: Beginning?

    public init(date: [UInt8] = []) {
        self.date = date
    }

    /// Appends status line and fields with the empty line. Control characters in field values become spaces, so that
    /// no value can end its line.
    public mutating func append(
        _ response: Response, _ persistence: Persistence, to output: inout [UInt8]
    ) {
        if let kept, kept.isOf(response, persistence) {
            output.append(contentsOf: kept.bytes)
        } else {
            let start = output.count
            begin(response, persistence, &output)
            // What only one answer says is not kept for others.
            if response.fields.isEmpty {
                kept = Beginning(response, persistence, bytes: Array(output[start...]))
            }
        }
        if let id = response.id {
            output.append(decimal: id.number)
            Self.endLine(&output)
        }
        Self.endLine(&output)
    }

    /// All but the number of the answer.
    private func begin(_ response: Response, _ persistence: Persistence, _ output: inout [UInt8]) {
        output.append(contentsOf: "HTTP/1.1 \(response.status)\r\nDate: ".utf8)
        output.append(contentsOf: date)
        Self.endLine(&output)
        for field in response.fields { field.append(to: &output) }
        output.append(contentsOf: response.prepared.lines)
        if !response.status.forbidsBody {
            output.append(contentsOf: "Content-Length: ".utf8)
            output.append(decimal: UInt64(response.body.count))
            Self.endLine(&output)
        }
        switch persistence {
        case .keepsAlive: break
        case .keepsAliveSaidSo: output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        case .closes: output.append(contentsOf: "Connection: close\r\n".utf8)
        }
        if let id = response.id {
            output.append(contentsOf: "X-Request-Id: ".utf8)
            id.appendRun(to: &output)
        }
    }

    @inline(__always)
    private static func endLine(_ output: inout [UInt8]) {
        output.append(ASCII.carriageReturn)
        output.append(ASCII.lineFeed)
    }

    /// What an answer without fields of its own began with, and what that depends on besides the date.
    private struct Beginning: Sendable {
        let bytes: [UInt8]
        private let status: Status
        private let prepared: PreparedFields
        private let bodyCount: Int
        private let run: UInt32?
        private let persistence: Persistence

        init(_ response: Response, _ persistence: Persistence, bytes: [UInt8]) {
            self.bytes = bytes
            status = response.status
            prepared = response.prepared
            bodyCount = response.body.count
            run = response.id?.run
            self.persistence = persistence
        }

        func isOf(_ response: Response, _ persistence: Persistence) -> Bool {
            response.prepared === prepared && response.status == status && response.fields.isEmpty
                && persistence == self.persistence && response.id?.run == run
                && response.body.count == bodyCount
        }
    }
}
