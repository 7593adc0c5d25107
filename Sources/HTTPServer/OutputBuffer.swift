import HTTP
import POSIX

/// What waits to be sent on one connection: bytes of its own, and shared bodies at their places between them.
struct OutputBuffer: ~Copyable {
    enum Flush {
        case done
        case blocked(Poller.Interest)
        case broken
    }

    /// A body up to this size is copied behind its head: cheaper than a second part of a vector.
    private static let copyLimit = 4096
    /// Bytes of a file that are handed to the kernel at a time: what a reader takes while it still is in the cache.
    private static let fileStep = 256 * 1024

    /// All bytes not yet sent.
    private(set) var count = 0
    private var bytes: [UInt8] = []
    private var sent = 0
    /// Bodies that are sent from where they are, how many bytes of our own come before each, and what keeps them.
    private var bodies: [[UInt8]] = []
    private var places: [Int] = []
    private var keepers: [SharedBytes] = []
    private var sentBodies = 0
    private var sentOfBody = 0

    var isEmpty: Bool { count == 0 }
    /// Holds memory for bytes to come.
    var hasMemory: Bool { bytes.capacity > 0 }
    /// Bytes of its own, sent or not.
    var ownBytes: Int { bytes.count }
    /// Bytes in memory because of it.
    var heldBytes: Int { keepers.reduce(bytes.count) { $0 + $1.count } }
    /// The bodies that it keeps alive.
    var heldBodies: [SharedBytes] { keepers }

    /// Appends what `write` appends.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let before = bytes.count
        write(&bytes)
        count += bytes.count - before
    }

    mutating func append(_ body: Response.Body) {
        switch body {
        case .none: break
        case .bytes(let bytes):
            if bytes.count <= Self.copyLimit { append(bytes) } else { append(SharedBytes(bytes)) }
        case .shared(let parts): for part in parts { append(part) }
        }
    }

    mutating func append(_ copied: [UInt8]) {
        bytes.append(contentsOf: copied)
        count += copied.count
    }

    mutating func append(_ body: SharedBytes) {
        guard body.count > 0 else { return }
        // Behind another body it stays a part by itself, so that all parts leave in one call.
        if body.count <= Self.copyLimit, places.last != bytes.count { return append(body.bytes) }
        bodies.append(body.file == nil ? body.bytes : [])
        keepers.append(body)
        places.append(bytes.count)
        count += body.count
    }

    /// Sends until all is sent, the transport takes no more, or `allowance`, which is in bytes, is used up: then others
    /// should have their turn.
    mutating func flush(_ transport: inout Transport, within allowance: inout Int) -> Flush {
        while count > 0 {
            guard allowance > 0 else { return .blocked(.writing) }
            let end = sentBodies < places.count ? places[sentBodies] : bytes.count
            switch send(upTo: end, &transport) {
            case .bytes(let taken):
                allowance -= taken
                advance(taken, headEnd: end)
            case .blocked(let interest): return .blocked(interest)
            case .broken: return .broken
            }
        }
        reset()
        return .done
    }

    /// Sends what it can of the own bytes before `end` and of the bodies that follow: as many as are in memory, or one
    /// that is in a file.
    private func send(upTo end: Int, _ transport: inout Transport) -> Transport.Sent {
        let head = bytes.span.extracting(sent..<end)
        if sentBodies < keepers.count, let file = keepers[sentBodies].file {
            let count = min(keepers[sentBodies].count - sentOfBody, Self.fileStep)
            return transport.send(head, file, from: sentOfBody, count: count)
        }
        var lastBody = sentBodies
        while lastBody < places.count, places[lastBody] == end, keepers[lastBody].file == nil {
            lastBody += 1
        }
        return transport.send(head, bodies[sentBodies..<lastBody], skipping: sentOfBody)
    }

    private mutating func advance(_ taken: Int, headEnd: Int) {
        count -= taken
        let ofHead = min(taken, headEnd - sent)
        sent += ofHead
        var rest = taken - ofHead
        while rest > 0 {
            let ofBody = min(rest, keepers[sentBodies].count - sentOfBody)
            rest -= ofBody
            sentOfBody += ofBody
            guard sentOfBody == keepers[sentBodies].count else { return }
            sentBodies += 1
            sentOfBody = 0
        }
    }

    /// Begins anew in the same memory.
    private mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        if !bodies.isEmpty {
            bodies = []
            places = []
            keepers = []
        }
        (sent, sentBodies, sentOfBody) = (0, 0, 0)
    }
}
