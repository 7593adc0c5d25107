import POSIX

/// A client that sends what it is told, byte for byte, and reads what comes; nothing waits longer than `patience`.
public final class RawClient {
    public struct Impatient: Error, CustomStringConvertible {
        public let description: String
    }

    /// An answer as it came.
    public struct Answer: Equatable, CustomStringConvertible {
        public let status: Int
        /// Names in lower case.
        public let fields: [String: String]
        public let body: [UInt8]

        public var text: String { String(decoding: body, as: UTF8.self) }
        public var description: String { "\(status) \(text.prefix(200))" }
    }

    private let socket: Socket
    private var poller: Poller
    private var received: [UInt8] = []
    private var hasEnded = false
    private let patience: Duration

    /// Connects over loopback.
    public convenience init(port: UInt16?, patience: Duration = .seconds(20)) throws {
        try self.init(try Socket.connect(host: "127.0.0.1", port: port ?? 0), patience)
    }

    /// Connects to a Unix socket.
    public convenience init(path: String, patience: Duration = .seconds(20)) throws {
        try self.init(try Socket.connect(path: path), patience)
    }

    private init(_ socket: consuming Socket, _ patience: Duration) throws {
        let poller = try Poller()
        try socket.setBlocking(false)
        try poller.add(socket.descriptor, .init(slot: 0), for: .reading)
        self.socket = socket
        self.poller = poller
        self.patience = patience
    }

    /// Sends all of it, waiting for the server to take it.
    public func send(_ bytes: [UInt8]) throws {
        let deadline = Clock.boottime() + patience
        var rest = bytes[...]
        while !rest.isEmpty {
            switch socket.send(Array(rest)) {
            case .sent(let count): rest = rest.dropFirst(count)
            case .wouldBlock: try wait(until: deadline, for: .writing)
            case .broken(let errno): throw SystemError("send", nil, errno)
            }
        }
    }

    public func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends what the server takes at once and says how much that was.
    public func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        if case .sent(let count) = socket.send(bytes) { count } else { 0 }
    }

    /// Ends the sending direction.
    public func endSending() {
        socket.shutDown(.sending)
    }

    /// The next answer. After a HEAD request `hasBody` is false.
    public func answer(hasBody: Bool = true) throws -> Answer {
        let deadline = Clock.boottime() + patience
        while true {
            if let end = headEnd {
                let head = String(decoding: received[..<end], as: UTF8.self)
                let lines = head.split(separator: "\r\n")
                var fields: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    fields[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].dropFirst()) : ""
                }
                let length = hasBody ? Int(fields["content-length"] ?? "0") ?? 0 : 0
                if received.count >= end + 4 + length {
                    let status = lines.first.flatMap { Int($0.dropFirst(9).prefix(3)) } ?? 0
                    let body = Array(received[(end + 4)..<(end + 4 + length)])
                    received.removeFirst(end + 4 + length)
                    return Answer(status: status, fields: fields, body: body)
                }
            }
            guard !hasEnded else { throw Impatient(description: "ended after \(received.count) bytes") }
            try receive(until: deadline)
        }
    }

    /// Everything that comes until the server closes. A reset counts as closing.
    public func rest() throws -> [UInt8] {
        let deadline = Clock.boottime() + patience
        while !hasEnded { try receive(until: deadline) }
        defer { received = [] }
        return received
    }

    /// The server closes without sending anything more.
    public func isClosedSilently() throws -> Bool {
        try rest().isEmpty
    }

    private var headEnd: Int? {
        guard received.count >= 4 else { return nil }
        return (0...received.count - 4).first { received[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
    }

    private func receive(until deadline: Duration) throws {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        switch socket.receive(into: &buffer) {
        case .received(let count): received += buffer[..<count]
        case .wouldBlock: try wait(until: deadline, for: .reading)
        case .ended, .failed: hasEnded = true
        }
    }

    private func wait(until deadline: Duration, for interest: Poller.Interest) throws {
        guard Clock.boottime() < deadline else {
            throw Impatient(description: "nothing more came after \(received.count) bytes")
        }
        try poller.modify(socket.descriptor, .init(slot: 0), for: interest)
        var events: [Poller.Event] = []
        try poller.wait(until: deadline, into: &events)
    }
}
