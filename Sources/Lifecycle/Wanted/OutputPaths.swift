/// The absolute paths of one certificate's files.
public struct OutputPaths: Hashable, Sendable {
    public var key: String
    public var cert: String
    public var chain: String
    public var fullchain: String
    /// Key and full chain in one file (HAProxy).
    public var combined: String?

    public init(key: String, cert: String, chain: String, fullchain: String, combined: String? = nil) {
        self.key = key
        self.cert = cert
        self.chain = chain
        self.fullchain = fullchain
        self.combined = combined
    }

    /// Those that are configured.
    public var paths: [String] { [key, cert, chain, fullchain] + (combined.map { [$0] } ?? []) }

    /// A number that tells these files from others: the certificate file is nobody else's.
    var place: Int { StableHash.number(of: cert) }

    public subscript(output: Output) -> String? {
        switch output {
        case .key: key
        case .cert: cert
        case .chain: chain
        case .fullchain: fullchain
        case .combined: combined
        }
    }
}

/// One of the files of a certificate, named as in the configuration.
public enum Output: String, Hashable, Sendable, CaseIterable, Codable {
    case key, cert, chain, fullchain, combined
}

/// Owner and mode that the configuration asks for; `nil` means those of the file being replaced, else the agent's.
public struct FileOwnership: Hashable, Sendable {
    public var owner: String?
    public var group: String?
    public var keyMode: UInt32?
    public var certMode: UInt32?

    public init(owner: String? = nil, group: String? = nil, keyMode: UInt32? = nil, certMode: UInt32? = nil) {
        self.owner = owner
        self.group = group
        self.keyMode = keyMode
        self.certMode = certMode
    }
}
