/// The name of one answer: which run of the process, and which answer of it. Written without a string on the way.
public struct RequestID: Sendable, Hashable, CustomStringConvertible {
    public let run: UInt32
    public let number: UInt64

    public init(run: UInt32, number: UInt64) {
        self.run = run
        self.number = number
    }

    /// `0a1b2c3d-17`
    public var description: String {
        var bytes: [UInt8] = []
        appendRun(to: &bytes)
        bytes.append(decimal: number)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what the names of all answers of the run begin with.
    func appendRun(to output: inout [UInt8]) {
        for shift in stride(from: 28, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: run >> UInt32(shift)) & 15
            output.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
        }
        output.append(UInt8(ascii: "-"))
    }
}
