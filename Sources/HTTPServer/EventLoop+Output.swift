import HTTP

extension EventLoop {
    /// Keeps the memory of all answers that wait to be sent within its limit: who is slowest to read gives way.
    mutating func countOutput(_ connection: Connection) {
        let count = connection.output.count
        guard count != connection.countedOutput else { return }
        outputBytes += count - connection.countedOutput
        connection.countedOutput = count
        // Each connection by itself holds no more than all together: only then the exact sum is worth its work.
        guard outputBytes > limits.outputBytes else { return }
        while isOutputOverLimit, let slowest = slowestReader { close(slowest) }
    }

    /// What many connections send is in memory once. Two answers fit whatever their size: one that is old by now,
    /// and the new one.
    private var isOutputOverLimit: Bool {
        var sum = 0
        var largest = 0
        var readers = 0
        var seen: Set<ObjectIdentifier> = []
        for case .connection(let connection) in tenants.tenants where !connection.output.isEmpty {
            readers += 1
            largest = max(largest, connection.output.heldBytes)
            sum += connection.output.ownBytes
            for body in connection.output.heldBodies where seen.insert(body.identity).inserted {
                sum += body.count
            }
        }
        return readers > 1 && sum > max(limits.outputBytes, 2 * largest)
    }

    /// The connection whose answer has waited longest to be read.
    private var slowestReader: Connection? {
        var slowest: Connection?
        for case .connection(let connection) in tenants.tenants where !connection.output.isEmpty {
            guard let deadline = connection.sendDeadline else { continue }
            if deadline < slowest?.sendDeadline ?? .seconds(Int64.max) { slowest = connection }
        }
        return slowest
    }
}
