import HTTP
import POSIX

/// What waits to be sent on one connection: bytes of its own, and shared bodies at their places between them.
struct OutputBuffer {
    enum Flush {
        case done
        case blocked(Poller.Interest)
        case broken
    }

    /// A body up to this size is copied behind its head: cheaper than a second part of a vector.
    private static let copyLimit = 4096

    /// All bytes not yet sent.
    private(set) var count = 0
    private var bytes: [UInt8] = []
    private var sent = 0
    private var bodies: [(place: Int, bytes: [UInt8])] = []
    private var sentBodies = 0
    private var sentOfBody = 0

    var isEmpty: Bool { count == 0 }
    /// Holds memory for bytes to come.
    var hasMemory: Bool { bytes.capacity > 0 }

    /// Appends what `write` appends.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let before = bytes.count
        write(&bytes)
        count += bytes.count - before
    }

    mutating func append(_ body: Response.Body) {
        switch body {
        case .none: break
        case .bytes(let bytes): append(bytes)
        case .shared(let parts): for part in parts { append(part.bytes) }
        }
    }

    mutating func append(_ body: [UInt8]) {
        guard !body.isEmpty else { return }
        if body.count <= Self.copyLimit {
            bytes.append(contentsOf: body)
        } else {
            bodies.append((bytes.count, body))
        }
        count += body.count
    }

    /// Sends until all is sent or the transport takes no more.
    mutating func flush(_ transport: inout Transport) -> Flush {
        while count > 0 {
            let hasBody = sentBodies < bodies.count
            let end = hasBody ? bodies[sentBodies].place : bytes.count
            let body = hasBody ? bodies[sentBodies].bytes : []
            let result = transport.send(
                bytes.span.extracting(sent..<end), body.span.extracting(droppingFirst: sentOfBody))
            switch result {
            case .bytes(let taken): advance(taken, headEnd: end)
            case .blocked(let interest): return .blocked(interest)
            case .broken: return .broken
            }
        }
        reset()
        return .done
    }

    private mutating func advance(_ taken: Int, headEnd: Int) {
        count -= taken
        let ofHead = min(taken, headEnd - sent)
        sent += ofHead
        guard sentBodies < bodies.count, sent == headEnd else { return }
        sentOfBody += taken - ofHead
        guard sentOfBody == bodies[sentBodies].bytes.count else { return }
        bodies[sentBodies].bytes = []
        sentBodies += 1
        sentOfBody = 0
    }

    /// Begins anew in the same memory.
    private mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        bodies.removeAll(keepingCapacity: true)
        (sent, sentBodies, sentOfBody) = (0, 0, 0)
    }
}
