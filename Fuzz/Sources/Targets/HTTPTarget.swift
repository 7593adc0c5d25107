import HTTP

/// Any bytes give the same requests and the same refusal, in one piece and in small ones whatever their sizes, in
/// memory that is lent and in memory of the parser's own; and what is read stays within the limits.
func fuzzHTTP(_ input: [UInt8]) {
    let whole = outcome(of: input, pieces: [input.count], lends: true)
    let seed = Int(input.first ?? 0)
    precondition(outcome(of: input, pieces: [1 + seed % 7, 1 + seed % 23], lends: false) == whole)
}

private struct Outcome: Equatable {
    var requests: [[String]] = []
    var refusal: RefusedRequest?
}

private func outcome(of input: [UInt8], pieces: [Int], lends: Bool) -> Outcome {
    var parser = RequestParser()
    var memory = RequestMemory()
    var outcome = Outcome()
    var start = 0
    var turn = 0
    while start < input.count {
        let end = min(input.count, start + pieces[turn % pieces.count])
        turn += 1
        var rest = input[start..<end]
        start = end
        while !rest.isEmpty {
            if lends { parser.borrow(&memory) }
            let (consumed, event) = parser.read(rest)
            precondition(parser.heldBytes <= 16 * 1024 + 512 + 64 * 1024)
            rest = rest.dropFirst(consumed)
            switch consume event {
            case .needsMore: precondition(rest.isEmpty)
            case .continueExpected: break
            case .request(let request):
                outcome.requests.append(describe(request))
                parser.recycle(request)
            case .refused(let reason):
                outcome.refusal = reason
                return outcome
            }
            if lends { parser.returnMemory(to: &memory) }
        }
    }
    return outcome
}

private func describe(_ request: Request) -> [String] {
    precondition(request.fields.count <= 64 && request.body.count <= 64 * 1024)
    _ = (request.target.segments, request.target.queryItems)
    return [
        request.method.name, request.target.text, request.authority ?? "-", "\(request.keepsAlive)",
        "\(request.version)", String(decoding: request.body, as: UTF8.self),
    ] + request.fields.map { "\($0.name): \($0.value)" }
}
