/// A JSON value under construction: containers go on writing to it after they were handed out.
final class EncodingNode {
    enum Kind { case primitive, array, object }

    /// What the value has become so far.
    var kind = Kind.primitive
    private var primitive = JSONValue.null
    private var elements: [EncodingNode] = []
    private var members: [String: EncodingNode] = [:]

    var value: JSONValue {
        switch kind {
        case .primitive: primitive
        case .array: .array(elements.map(\.value))
        case .object:
            .object(
                members.sorted { $0.key < $1.key }.map { JSONMember(name: $0.key, value: $0.value.value) })
        }
    }

    var count: Int { elements.count }

    func take(_ value: some Encodable, at path: [any CodingKey]) throws {
        guard let simple = value as? any JSONPrimitive else {
            // What writes nothing at all is an empty object.
            kind = .object
            return try value.encode(to: ValueEncoder(node: self, codingPath: path))
        }
        guard let json = simple.json else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: path, debugDescription: "JSON has no such number"))
        }
        kind = .primitive
        primitive = json
    }

    func takeNull() {
        kind = .primitive
        primitive = .null
    }

    /// A new last element.
    func element() -> EncodingNode {
        let node = EncodingNode()
        elements.append(node)
        return node
    }

    /// The member of that name, new or in place of the one before.
    func member(_ name: String) -> EncodingNode {
        let node = EncodingNode()
        members[name] = node
        return node
    }
}
