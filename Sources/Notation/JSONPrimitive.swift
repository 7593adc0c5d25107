/// A value that is one JSON value by itself.
protocol JSONPrimitive {
    /// `nil` when the JSON value is of another kind, or out of range.
    init?(json: JSONValue)
    /// `nil` when JSON can't hold it.
    var json: JSONValue? { get }
}

extension Bool: JSONPrimitive {
    init?(json: JSONValue) {
        guard case .bool(let value) = json else { return nil }
        self = value
    }

    var json: JSONValue? { .bool(self) }
}

extension String: JSONPrimitive {
    init?(json: JSONValue) {
        guard case .string(let text) = json else { return nil }
        self = text
    }

    var json: JSONValue? { .string(self) }
}

extension BinaryFloatingPoint where Self: LosslessStringConvertible {
    init?(json: JSONValue) {
        guard case .number(let text) = json, let value = Self(text), value.isFinite else { return nil }
        self = value
    }

    var json: JSONValue? { isFinite ? .number(description) : nil }
}

extension FixedWidthInteger {
    init?(json: JSONValue) {
        guard case .number(let text) = json else { return nil }
        if let value = Self(text) {
            self = value
            return
        }
        // A whole number may be written with a fraction or an exponent; `Double` holds the usual ones exactly.
        guard let value = Double(text).flatMap({ Self(exactly: $0) }) else { return nil }
        self = value
    }

    var json: JSONValue? { .number(description) }
}

extension Double: JSONPrimitive {}
extension Float: JSONPrimitive {}
extension Int: JSONPrimitive {}
extension Int8: JSONPrimitive {}
extension Int16: JSONPrimitive {}
extension Int32: JSONPrimitive {}
extension Int64: JSONPrimitive {}
extension UInt: JSONPrimitive {}
extension UInt8: JSONPrimitive {}
extension UInt16: JSONPrimitive {}
extension UInt32: JSONPrimitive {}
extension UInt64: JSONPrimitive {}
