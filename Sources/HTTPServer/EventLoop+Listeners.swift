import HTTP
import PKI
import POSIX

extension EventLoop {
    /// Connections taken from one listener before the others have their turn.
    private static let batch = 64

    mutating func open(_ listener: Listener) throws(SystemError) {
        guard stopDeadline == nil else { return }
        let post = ListenerPost(tenants.reserve(), listener)
        tenants.place(.listener(post), at: post.token)
        try poller.add(listener.socket.descriptor, post.token, for: .reading)
    }

    mutating func close(_ post: ListenerPost) throws(SystemError) {
        try poller.remove(post.listener.socket.descriptor)
        tenants.remove(post.token)
    }

    /// Closes a listener, and the connections that came in there: those that are owed an answer when they have it.
    mutating func close(_ id: ListenerID) throws(SystemError) {
        guard let post = post(id) else { return }
        try close(post)
        for case .connection(let post) in tenants.tenants where post.connection.listener == id {
            leave(&post.connection)
            try settle(post)
        }
    }

    private mutating func leave(_ connection: inout Connection) {
        guard connection.isOpen, connection.waiting != nil || !connection.output.isEmpty else {
            // Who lingers has had his last answer.
            if case .lingering = connection.stage { return }
            return close(&connection)
        }
        connection.hasLostListener = true
        if connection.waiting == nil { connection.closesAfterOutput = true }
    }

    func post(_ id: ListenerID) -> ListenerPost? {
        for case .listener(let post) in tenants.tenants where post.listener.id == id { return post }
        return nil
    }

    /// Takes who waits. No failure ends a listener: it rests for a moment and tries again.
    mutating func accept(_ post: ListenerPost) throws(SystemError) {
        let reserve = (ProcessFacts.descriptorLimit ?? .max) - limits.sparedDescriptors
        var hasMadeRoom = false
        for _ in 0..<Self.batch {
            switch post.listener.socket.accept() {
            case .accepted(let socket, let address):
                if socket.descriptor.rawValue >= reserve { keepReserve() }
                try admit(socket, address, post)
            case .wouldBlock: return
            case .exhausted(let errno):
                // The kernel looks for a descriptor before it looks whether anybody waits: that one more does, only
                // the poller can tell.
                if hasMadeRoom { return }
                let error = SystemError("accept", nil, errno)
                guard makeRoom() else { return try pause(post, error) }
                handler.listenerPaused(error)
                hasMadeRoom = true
            case .failed(let error): return try pause(post, error)
            }
        }
    }

    /// The last descriptors are for the rest of the process: a renewal needs some. For each connection that gets one of
    /// them two give way, until there are so few that none does.
    private mutating func keepReserve() {
        handler.listenerPaused(SystemError("accept", nil, .tooManyOpenFiles))
        connectionLimit = max(1, connectionCount - 1)
        shortageEnd = now + limits.shortage
    }

    /// Whoever comes is served also when the rest of the process has taken all descriptors: the idlest connections give
    /// way. False if there are none.
    private mutating func makeRoom() -> Bool {
        let before = connectionCount
        connectionLimit = max(1, before - min(limits.sparedDescriptors, (before + 1) / 2))
        shortageEnd = now + limits.shortage
        while connectionCount >= connectionLimit, evictOldest(.tooManyConnections) {}
        return connectionCount < before
    }

    /// Ends the rest of a listener.
    mutating func resume(_ post: ListenerPost) throws(SystemError) {
        try poller.modify(post.listener.socket.descriptor, post.token, for: .reading)
    }

    private mutating func pause(_ post: ListenerPost, _ error: SystemError) throws(SystemError) {
        handler.listenerPaused(error)
        try poller.modify(post.listener.socket.descriptor, post.token, for: [])
        deadlines.insert(.tenant(post.token), at: now + limits.acceptPause)
    }

    private mutating func admit(
        _ socket: consuming Socket, _ address: PeerAddress, _ post: ListenerPost
    ) throws(SystemError) {
        if now >= shortageEnd { connectionLimit = limits.connections }
        while connectionCount >= connectionLimit {
            guard evictOldest(.tooManyConnections) else { return turnAway(socket, address, post) }
        }
        // Without the option answers are later, not wrong; without credentials the peer shows none.
        if case .tcp = address { try? socket.setNoDelay() }
        let peer = peer(socket, address, post)
        // Out of memory for one session more: this client goes, the others stay.
        guard let transport = try? Transport(socket, post.secureContext) else { return }
        let token = tenants.reserve()
        let newcomer = ConnectionPost(
            Connection(token, from: post.listener.id, transport, peer, limits, now: now))
        tenants.place(.connection(newcomer), at: token)
        connectionCount += 1
        do {
            try poller.add(newcomer.connection.transport.socket.descriptor, token, for: .reading)
        } catch {
            // The kernel watches no more for this user: no reason to end for the others.
            return close(&newcomer.connection)
        }
        try settle(newcomer)
    }

    private func peer(_ socket: borrowing Socket, _ address: PeerAddress, _ post: ListenerPost) -> Peer {
        let credentials = address == .unix ? try? socket.peerCredentials() : nil
        return Peer(
            address: address, localPort: post.listener.port, credentials: credentials,
            isSecure: post.secureContext != nil)
    }

    /// Everybody is owed an answer: who comes now is told to come again, if he speaks without TLS.
    private mutating func turnAway(_ socket: consuming Socket, _ address: PeerAddress, _ post: ListenerPost) {
        let peer = peer(socket, address, post)
        guard !peer.isSecure, let transport = try? Transport(socket, nil) else { return }
        var newcomer = Connection(
            SlotTable<Tenant>.bell, from: post.listener.id, transport, peer, limits, now: now)
        // What has come already would, unread, take the answer with it.
        _ = newcomer.transport.receive(into: &input)
        refuse(.tooManyConnections, &newcomer)
        var allowance = limits.outputTurn
        _ = newcomer.sendOutput(within: &allowance)
        newcomer.transport.endSending()
    }
}
