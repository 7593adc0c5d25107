import CYAML

/// What libyaml says next, as a value that owns its text.
struct Event {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(Scalar)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    let kind: Kind
    let anchor: String?
    let tag: String?
    let start: SourcePosition
    let end: SourcePosition
}

/// The owner of one `yaml_parser_t` and of the bytes it reads.
@safe struct EventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let source: SourceText

    init(_ source: SourceText) throws(YAMLProblem) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            throw .outOfMemory
        }
        self.source = source
        unsafe self.parser = unsafe parser
        unsafe input = .allocate(capacity: source.bytes.count)
        _ = unsafe input.initialize(from: source.bytes)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; after an error the reader is of no more use.
    mutating func next() throws(YAMLProblem) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Event(event)
    }

    private func problem() -> YAMLProblem {
        let state = unsafe parser.pointee
        let what = unsafe state.problem.map { unsafe String(cString: $0) } ?? "it can't be parsed"
        switch unsafe state.error {
        case YAML_MEMORY_ERROR:
            return .outOfMemory
        case YAML_READER_ERROR:
            let offset = unsafe Int(clamping: state.problem_offset)
            return .encoding(what, at: source.position(ofByte: offset))
        default:
            let context = unsafe state.context.map { unsafe String(cString: $0) }
            return unsafe .syntax(
                what, at: SourcePosition(state.problem_mark), context: context,
                began: SourcePosition(state.context_mark))
        }
    }
}

extension Event {
    fileprivate init(_ event: yaml_event_t) {
        start = unsafe SourcePosition(event.start_mark)
        end = unsafe SourcePosition(event.end_mark)
        switch unsafe event.type {
        case YAML_ALIAS_EVENT:
            kind = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
            (anchor, tag) = (nil, nil)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let style: Scalar.Style = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted
            kind = unsafe .scalar(Scalar(text: String(decoding: bytes, as: UTF8.self), style: style))
            (anchor, tag) = unsafe (Self.text(scalar.anchor), Self.text(scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequenceStart
            let sequence = unsafe event.data.sequence_start
            (anchor, tag) = unsafe (Self.text(sequence.anchor), Self.text(sequence.tag))
        case YAML_MAPPING_START_EVENT:
            kind = .mappingStart
            let mapping = unsafe event.data.mapping_start
            (anchor, tag) = unsafe (Self.text(mapping.anchor), Self.text(mapping.tag))
        case let type:
            kind = Self.mark(type)
            (anchor, tag) = (nil, nil)
        }
    }

    private static func mark(_ type: yaml_event_type_t) -> Kind {
        switch type {
        case YAML_STREAM_START_EVENT: .streamStart
        case YAML_DOCUMENT_START_EVENT: .documentStart
        case YAML_DOCUMENT_END_EVENT: .documentEnd
        case YAML_SEQUENCE_END_EVENT: .sequenceEnd
        case YAML_MAPPING_END_EVENT: .mappingEnd
        // A parser that is asked again after the end answers with an empty event.
        default: .streamEnd
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }
}

extension SourcePosition {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }
}
