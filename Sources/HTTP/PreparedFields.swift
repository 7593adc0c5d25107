/// Field lines that many answers share: rendered once, copied from then on.
public struct PreparedFields: Sendable, Equatable {
    public let fields: [Field]
    /// Each line with its end.
    let lines: [UInt8]

    public init(_ fields: [Field] = []) {
        self.fields = fields
        lines = fields.reduce(into: []) { lines, field in field.append(to: &lines) }
    }
}
