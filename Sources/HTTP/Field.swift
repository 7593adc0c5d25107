/// One field of a message to be written.
public struct Field: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Appends the line with its end. Control characters become spaces, so that no value can end its line.
    func append(to output: inout [UInt8]) {
        Self.appendClean(name, to: &output)
        output.append(UInt8(ascii: ":"))
        output.append(ASCII.space)
        Self.appendClean(value, to: &output)
        output.append(ASCII.carriageReturn)
        output.append(ASCII.lineFeed)
    }

    private static func appendClean(_ text: String, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: text.utf8)
        for index in start..<output.count where output[index] < ASCII.space || output[index] == ASCII.delete {
            output[index] = ASCII.space
        }
    }
}
