import HTTP

extension EventLoop {
    /// Counts what the connection has to send; true if all together may be over their limit by that.
    mutating func countOutput(_ connection: inout Connection) -> Bool {
        if connection.isClosed { return false }
        let count = connection.output.count
        guard count != connection.countedOutput else { return false }
        outputBytes += count - connection.countedOutput
        connection.countedOutput = count
        return outputBytes > limits.outputBytes
    }

    /// Keeps the memory of all answers that wait to be sent within its limit: who is slowest to read gives way.
    mutating func keepOutputWithinLimit() {
        // Each connection by itself holds no more than all together: only then the exact sum is worth its work.
        while outputBytes > limits.outputBytes, isOutputOverLimit, let slowest = slowestReader {
            close(&slowest.connection)
        }
    }

    /// What many connections send is in memory once. Two answers fit whatever their size: one that is old by now,
    /// and the new one.
    private var isOutputOverLimit: Bool {
        var sum = 0
        var largest = 0
        var readers = 0
        var seen: Set<ObjectIdentifier> = []
        for case .connection(let post) in tenants.tenants where !post.connection.output.isEmpty {
            readers += 1
            largest = max(largest, post.connection.output.heldBytes)
            sum += post.connection.output.ownBytes
            for body in post.connection.output.heldBodies where seen.insert(body.identity).inserted {
                sum += body.count
            }
        }
        return readers > 1 && sum > max(limits.outputBytes, 2 * largest)
    }

    /// The connection whose answer has waited longest to be read.
    private var slowestReader: ConnectionPost? {
        var slowest: ConnectionPost?
        var earliest = Duration.seconds(Int64.max)
        for case .connection(let post) in tenants.tenants where !post.connection.output.isEmpty {
            guard let deadline = post.connection.sendDeadline, deadline < earliest else { continue }
            slowest = post
            earliest = deadline
        }
        return slowest
    }
}
