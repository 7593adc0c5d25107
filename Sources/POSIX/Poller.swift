import CPOSIX

/// Waits for many descriptors at once (epoll, level-triggered). For one thread.
public struct Poller: ~Copyable, Sendable {
    /// What an event is handed back with. The generation tells a slot's present tenant from an earlier one, whose
    /// event may still be in the same batch.
    public struct Token: Hashable, Sendable {
        public let slot: UInt32
        public let generation: UInt32

        public init(slot: UInt32, generation: UInt32 = 0) {
            self.slot = slot
            self.generation = generation
        }
    }

    public struct Interest: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let reading = Interest(rawValue: 1)
        public static let writing = Interest(rawValue: 2)
        /// That the peer will send no more; `reading` tells it, too.
        public static let closing = Interest(rawValue: 4)
    }

    public struct Event: Hashable, Sendable {
        public let token: Token
        /// There is something to read, the end of the stream included.
        public let isReadable: Bool
        public let isWritable: Bool
        /// The peer will send no more.
        public let peerHasClosed: Bool
        /// Neither direction works any more; reported whatever the interest.
        public let isBroken: Bool
    }

    private let descriptor: FileDescriptor
    private var found = [cposix_event](repeating: cposix_event(), count: 256)

    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try system("epoll_create") { cposix_poller() })
    }

    /// A descriptor leaves by `remove`, or by being closed if it was never duplicated.
    public func add(
        _ watched: borrowing FileDescriptor, _ token: Token, for interest: Interest
    ) throws(SystemError) {
        let raw = watched.rawValue
        try system("epoll_ctl") { cposix_poller_add(descriptor.rawValue, raw, interest.events, token.bits) }
    }

    public func modify(
        _ watched: borrowing FileDescriptor, _ token: Token, for interest: Interest
    ) throws(SystemError) {
        let raw = watched.rawValue
        try system("epoll_ctl") {
            cposix_poller_modify(descriptor.rawValue, raw, interest.events, token.bits)
        }
    }

    public func remove(_ watched: borrowing FileDescriptor) throws(SystemError) {
        let raw = watched.rawValue
        try system("epoll_ctl") { cposix_poller_remove(descriptor.rawValue, raw) }
    }

    /// The next events, at most 256; none when the boottime deadline has passed, a signal came, or five seconds went
    /// by (a suspend may have brought the deadline nearer): the caller looks at its clock and comes back.
    public mutating func wait(until deadline: Duration? = nil, into events: inout [Event]) throws(SystemError)
    {
        events.removeAll(keepingCapacity: true)
        let raw = descriptor.rawValue
        let count = Int32(found.count)
        let slice = Clock.slice(until: deadline) ?? 0
        switch unsafe cposix_poller_wait(raw, &found, count, slice) {
        case -1:
            let errno = Errno.last
            if errno != .interrupted { throw SystemError("epoll_wait", nil, errno) }
        case let ready: for event in found.prefix(Int(ready)) { events.append(Event(event)) }
        }
    }
}

extension Poller.Token {
    fileprivate var bits: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

extension Poller.Interest {
    fileprivate var events: UInt32 {
        (contains(.reading) ? CPOSIX_READABLE | CPOSIX_PEER_CLOSED : 0)
            | (contains(.writing) ? CPOSIX_WRITABLE : 0) | (contains(.closing) ? CPOSIX_PEER_CLOSED : 0)
    }
}

extension Poller.Event {
    fileprivate init(_ event: cposix_event) {
        token = Poller.Token(
            slot: UInt32(truncatingIfNeeded: event.token), generation: UInt32(event.token >> 32))
        isReadable = event.events & CPOSIX_READABLE != 0
        isWritable = event.events & CPOSIX_WRITABLE != 0
        peerHasClosed = event.events & CPOSIX_PEER_CLOSED != 0
        isBroken = event.events & (CPOSIX_HANGUP | CPOSIX_ERROR) != 0
    }
}
