/// What an exchange may ask for.
public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
}

/// A header field of a request.
public struct HeaderField: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// How long an exchange may take and how much it may bring.
public struct ExchangeLimits: Sendable {
    /// For resolving, connecting and the handshake together.
    public var connectTimeout: Duration
    /// For the whole exchange. Time asleep counts.
    public var timeout: Duration
    /// For the answer's body. Its header has a limit of its own, 64 KiB.
    public var answerBytes: Int

    public init(
        connectTimeout: Duration = .seconds(10), timeout: Duration = .seconds(30), answerBytes: Int = 2 << 20
    ) {
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.answerBytes = answerBytes
    }
}

/// A request to a remote host: always `https`.
public struct RemoteRequest: Sendable {
    public var method: Method
    /// Absolute, `https`, without user name, password or fragment.
    public var url: String
    public var headers: [HeaderField]
    public var body: [UInt8]
    public var tls: MutualTLS
    public var limits: ExchangeLimits

    public init(
        _ method: Method, _ url: String, headers: [HeaderField] = [], body: [UInt8] = [], tls: MutualTLS,
        limits: ExchangeLimits = ExchangeLimits()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.tls = tls
        self.limits = limits
    }
}

/// A request in plain HTTP to a server on this host. It has no room for a host name, so it can't leave.
public struct LocalRequest: Sendable {
    /// Where on this host.
    public enum Endpoint: Sendable, Equatable {
        case unixSocket(path: String)
        /// Of 127.0.0.0/8, in its usual form.
        case loopbackIPv4(address: String = "127.0.0.1", port: UInt16)
        case loopbackIPv6(port: UInt16)
    }

    public var method: Method
    public var endpoint: Endpoint
    /// Path and query as they go on the request line, percent-encoded: `/v1/status?state=valid`.
    public var target: String
    public var headers: [HeaderField]
    public var body: [UInt8]
    public var limits: ExchangeLimits

    public init(
        _ method: Method, _ target: String, at endpoint: Endpoint, headers: [HeaderField] = [],
        body: [UInt8] = [],
        limits: ExchangeLimits = ExchangeLimits()
    ) {
        self.method = method
        self.endpoint = endpoint
        self.target = target
        self.headers = headers
        self.body = body
        self.limits = limits
    }
}
