/// FNV-1a, 64 bits: the same in every process and on every host, unlike `Hasher`. Not for secrets.
enum StableHash {
    static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    /// Short enough to be a number in any JSON (RFC 8259, 6).
    static func number(of text: String) -> Int { Int(of(text) >> 11) }

    /// A number in 0..<1. The hash is mixed first: the high bits of FNV hardly change with the last bytes.
    static func fraction(of text: String) -> Double {
        var generator = SplitMix(seed: of(text))
        return Double(generator.next() >> 11) * 0x1p-53
    }
}
