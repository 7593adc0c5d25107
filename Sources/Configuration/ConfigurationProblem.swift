/// One thing that is wrong with a configuration file, where it stands, and what to do about it.
public struct ConfigurationProblem: Error, Sendable, Hashable {
    public let file: String
    /// Both from 1; the column counts characters as editors do.
    public let line: Int
    public let column: Int
    /// Where in the structure, like `certificates[2].dns_names[0]`; empty for the document itself.
    public let keyPath: String
    public let message: String
    public let hint: String
    /// The line in question. Values of commands, and of keys nobody knows, are concealed.
    public let excerpt: String
    /// Two lines: the excerpt behind its line number, and a caret below the place.
    public let markedExcerpt: String
}

extension ConfigurationProblem: Encodable {
    private enum CodingKeys: String, CodingKey {
        case file, line, column, key, message, hint, excerpt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        try container.encode(line, forKey: .line)
        try container.encode(column, forKey: .column)
        try container.encode(keyPath, forKey: .key)
        try container.encode(message, forKey: .message)
        try container.encode(hint, forKey: .hint)
        try container.encode(excerpt, forKey: .excerpt)
    }
}

/// Why a configuration was not accepted: every problem of it, in the order of the file, at least one.
public struct InvalidConfiguration: Error, Sendable, Hashable {
    public let problems: [ConfigurationProblem]
}
