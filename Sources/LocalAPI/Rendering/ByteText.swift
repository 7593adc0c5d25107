/// Text appended to bytes that will be sent: no string is built on the way.
extension [UInt8] {
    mutating func append(text: String) { append(contentsOf: text.utf8) }

    mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var digits: [20 of UInt8] = .init(repeating: 0)
        var rest = number.magnitude
        var first = digits.count
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        for index in first..<digits.count { append(digits[index]) }
    }

    /// Whole numbers without a fraction; the number must be finite.
    mutating func append(number: Double) {
        if let whole = Int(exactly: number), whole.magnitude < 1 << 53 {
            append(decimal: whole)
        } else {
            append(text: number.description)
        }
    }

    /// With zeros in front up to `width`.
    mutating func append(decimal number: Int, width: Int) {
        var smallest = 10
        var missing = width - 1
        while missing > 0, number >= smallest {
            smallest *= 10
            missing -= 1
        }
        for _ in 0..<missing { append(UInt8(ascii: "0")) }
        append(decimal: number)
    }
}
