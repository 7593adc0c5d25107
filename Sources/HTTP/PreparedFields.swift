/// Field lines that many answers share: rendered once, copied from then on.
public final class PreparedFields: Sendable, Equatable {
    /// No line.
    public static let none = PreparedFields()

    public let fields: [Field]
    /// Each line with its end.
    let lines: [UInt8]

    /// The lines of `fields`, in their order.
    public init(_ fields: [Field] = []) {
        self.fields = fields
        lines = fields.reduce(into: []) { lines, field in field.append(to: &lines) }
    }

    public static func == (left: PreparedFields, right: PreparedFields) -> Bool {
        left.fields == right.fields
    }
}
