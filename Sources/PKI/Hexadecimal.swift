/// Bytes as lower-case hexadecimal digits.
public enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two digits a byte.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A big-endian number without leading zeros, the way serial numbers are written.
    static func number(_ magnitude: some Sequence<UInt8>) -> String {
        let digits = text(magnitude).drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }
}
