public import FoundationEssentials

extension Date {
    /// Reads a time as RFC 3339 has it, in any zone and with or without a fraction; `nil` for anything else.
    public init?(rfc3339 text: String) {
        var fields = DigitFields(Array(text.utf8))
        guard let year = fields.number(4), fields.take("-"), let month = fields.number(2), fields.take("-"),
            let day = fields.number(2), fields.take("T") || fields.take("t"),
            let hour = fields.number(2), fields.take(":"), let minute = fields.number(2), fields.take(":"),
            let second = fields.number(2), let fraction = fields.fraction(), let offset = fields.offset(),
            fields.isAtEnd
        else { return nil }
        let civil = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        // Only a date of the calendar comes back as it was.
        guard (1...12).contains(month), hour < 24, minute < 60, second < 60,
            CivilTime(secondsSince1970: civil.secondsSince1970) == civil
        else { return nil }
        self.init(timeIntervalSince1970: Double(civil.secondsSince1970 - offset) + fraction)
    }
}

/// Digits and the signs between them, from left to right.
private struct DigitFields {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard !isAtEnd, bytes[index] == UInt8(ascii: sign) else { return false }
        index += 1
        return true
    }

    /// A number of exactly so many digits.
    mutating func number(_ width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// What follows a point; 0 without one.
    mutating func fraction() -> Double? {
        guard take(".") else { return 0 }
        guard let first = digit() else { return nil }
        var (value, place) = (Double(first) / 10, 0.01)
        while let digit = digit() {
            value += Double(digit) * place
            place /= 10
        }
        return value
    }

    /// The zone's seconds east of Greenwich.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isEast = take("+")
        guard isEast || take("-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24,
            minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isEast ? 1 : -1)
    }

    private mutating func digit() -> Int? {
        guard !isAtEnd, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") else {
            return nil
        }
        index += 1
        return Int(bytes[index - 1] - UInt8(ascii: "0"))
    }
}
