extension [UInt8] {
    /// Appends a number in decimal digits.
    mutating func append(decimal number: UInt64) {
        if number < 10 { return append(0x30 + UInt8(truncatingIfNeeded: number)) }
        var digits: [20 of UInt8] = .init(repeating: 0)
        var rest = number
        var first = digits.count
        repeat {
            first -= 1
            digits[first] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        for index in first..<digits.count { append(digits[index]) }
    }
}
