/// The memory a request is read into, handed on from one request to the next, so that a request whose answer is out
/// costs no allocation. Whoever reads many connections in turn needs one of them.
public struct RequestMemory: Sendable {
    var head: [UInt8] = []
    var ranges: [FieldRange] = []

    public init() {}

    mutating func clear() {
        head.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
    }

    /// There is nothing in it to be used again.
    public var isEmpty: Bool { head.capacity == 0 }
}
