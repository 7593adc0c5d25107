/// The memory a request is read into, handed on from one request to the next, so that a request whose answer is out
/// costs no allocation. Whoever reads many connections in turn, all within the same limits, needs one of them.
public struct RequestMemory: Sendable {
    var head: [UInt8] = []
    var ranges: [FieldRange] = []
    /// The request before, if it was all head. Clients say the same again and again, and the same bytes needn't be judged
    /// twice.
    private var before: Request?

    public init() {}

    /// There is nothing in it to be used again.
    public var isEmpty: Bool { head.capacity == 0 && before == nil }

    /// Keeps what is in a request that nobody needs any more.
    mutating func keep(_ request: consuming Request) {
        if request.isHeadOnly {
            before = consume request
        } else {
            reclaim(request)
        }
    }

    /// The request before, if `input` begins with the same bytes from `index` on. Else its memory is free again.
    mutating func takeRepeated(in input: borrowing Span<UInt8>, at index: Int) -> Request? {
        guard let request = before.take() else { return nil }
        let end = index + request.head.count
        if end <= input.count, input.equals(request.head, in: index..<end) { return request }
        reclaim(request)
        return nil
    }

    private mutating func reclaim(_ request: consuming Request) {
        request.giveMemory(to: &self)
        head.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
    }
}
