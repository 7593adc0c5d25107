import Foundation
import Testing

/// The short run of the fuzz targets, without libFuzzer: what `scripts/fuzz` has found, and what is near it.
@Suite struct CorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func `what fuzzing has found is read or refused as it should be`(target: FuzzTarget) throws {
        let corpus = try Self.corpus(of: target)
        #expect(corpus.count > 50)
        for input in corpus { target.run(input) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `so is what is near it`(target: FuzzTarget) throws {
        let corpus = try Self.corpus(of: target)
        var mutation = Mutation(seed: 0x9e37_79b9_7f4a_7c15)
        let end = ContinuousClock.now + .seconds(2)
        while ContinuousClock.now < end {
            target.run(
                mutation.of(corpus[mutation.below(corpus.count)], corpus[mutation.below(corpus.count)]))
        }
    }

    private static func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
        let file = URL(filePath: #filePath)
        let folder = file.deletingLastPathComponent().appending(path: "../../corpus/\(target.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.map { [UInt8](try Data(contentsOf: folder.appending(path: $0))) }
    }
}

/// Inputs made of others: always the same ones for the same seed.
private struct Mutation {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Some bytes of `input` changed, taken out, repeated, or replaced by some of `other`.
    mutating func of(_ input: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var result = input
        for _ in 0...below(4) {
            guard !result.isEmpty else { return other }
            let place = below(result.count)
            let end = min(result.count, place + 1 + below(16))
            switch below(5) {
            case 0: result[place] ^= 1 << UInt8(below(8))
            case 1: result[place] = UInt8(below(256))
            case 2: result.removeSubrange(place..<end)
            case 3: result.insert(contentsOf: result[place..<end], at: place)
            default:
                guard !other.isEmpty else { continue }
                let from = below(other.count)
                result.replaceSubrange(
                    place..<end, with: other[from..<min(other.count, from + 1 + below(64))])
            }
        }
        return result
    }

    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}
