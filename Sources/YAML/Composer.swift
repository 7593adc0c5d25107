/// Builds the tree of the first document from events, within limits.
///
/// What makes the rest unreadable is thrown; what does not is noted, so that a reader hears all of it at once.
struct Composer: ~Copyable {
    private(set) var problems: [YAMLProblem] = []
    private var reader: EventReader
    private let limits: YAMLLimits
    private var nodes = 0

    init(_ source: SourceText, limits: YAMLLimits) throws(YAMLProblem) {
        reader = try EventReader(source)
        self.limits = limits
    }

    /// Nil when the text holds no document. What follows the first document is not looked at.
    mutating func firstDocument() throws(YAMLProblem) -> Node? {
        while true {
            let event = try reader.next()
            switch event.kind {
            case .streamStart: continue
            case .documentStart:
                let root = try node(from: try reader.next(), depth: 0)
                // The end of the document is where leftovers on the root's last line are found.
                _ = try reader.next()
                return root
            default: return nil
            }
        }
    }

    private mutating func node(from event: Event, depth: Int) throws(YAMLProblem) -> Node {
        nodes += 1
        guard nodes <= limits.nodes else { throw .tooManyNodes(limit: limits.nodes, at: event.start) }
        noteProperties(of: event)
        switch event.kind {
        case .scalar(let scalar):
            return Node(content: .scalar(scalar), start: event.start, end: event.end)
        case .sequenceStart:
            return try sequence(from: event, depth: depth + 1)
        case .mappingStart:
            return try mapping(from: event, depth: depth + 1)
        case .alias(let name):
            note(.alias(name, at: event.start))
            return Node(content: .refused, start: event.start, end: event.end)
        default:
            // libyaml's grammar has no such event here.
            throw .syntax("unexpected end", at: event.start, context: nil, began: event.start)
        }
    }

    private mutating func sequence(from opening: Event, depth: Int) throws(YAMLProblem) -> Node {
        try checkDepth(depth, at: opening.start)
        var items: [Node] = []
        while true {
            let event = try reader.next()
            if case .sequenceEnd = event.kind {
                return Node(content: .sequence(items), start: opening.start, end: event.end)
            }
            items.append(try node(from: event, depth: depth))
        }
    }

    private mutating func mapping(from opening: Event, depth: Int) throws(YAMLProblem) -> Node {
        try checkDepth(depth, at: opening.start)
        var entries: [Entry] = []
        var firsts: [String: SourcePosition] = [:]
        while true {
            let event = try reader.next()
            if case .mappingEnd = event.kind {
                return Node(content: .mapping(entries), start: opening.start, end: event.end)
            }
            let key = try node(from: event, depth: depth)
            let value = try node(from: try reader.next(), depth: depth)
            guard case .scalar(let scalar) = key.content else { throw .complexKey(at: key.start) }
            if let first = firsts.updateValue(key.start, forKey: scalar.text) {
                firsts[scalar.text] = first
                note(.duplicateKey(scalar.text, at: key.start, first: first))
            }
            entries.append(Entry(key: scalar.text, keyStart: key.start, value: value))
        }
    }

    private func checkDepth(_ depth: Int, at position: SourcePosition) throws(YAMLProblem) {
        guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth, at: position) }
    }

    private mutating func noteProperties(of event: Event) {
        if let anchor = event.anchor { note(.anchor(anchor, at: event.start)) }
        if let tag = event.tag { note(.tag(tag, at: event.start)) }
    }

    private mutating func note(_ problem: YAMLProblem) {
        if problems.count < limits.problems { problems.append(problem) }
    }
}
