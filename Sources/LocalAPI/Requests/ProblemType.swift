import HTTP

/// The kinds of refusal that a client can tell apart. Type, title and status of each never change.
enum ProblemType: String, CaseIterable, Sendable {
    // Who asks, and from where.
    case misdirectedHost = "misdirected_host"
    case crossSite = "cross_site"
    case foreignUser = "foreign_user"
    case tokenRequired = "token_required"
    case tokenRefused = "token_refused"
    case tokenFileUnusable = "token_file_unusable"

    // What is asked.
    case malformedPath = "malformed_path"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case badQuery = "bad_query"
    case badBody = "bad_body"
    case unsupportedMediaType = "unsupported_media_type"
    case unknownCertificate = "unknown_certificate"
    case unknownRenewal = "unknown_renewal"

    case noReloadCommand = "no_reload_command"
    case invalidConfiguration = "invalid_configuration"

    // What the agent can't do now.
    case overBudget = "over_budget"
    case stopping
    case reloadSlow = "reload_slow"
    case notAlive = "not_alive"

    // What is no request, or has no room.
    case malformedRequest = "malformed_request"
    case requestTimeout = "request_timeout"
    case contentTooLarge = "content_too_large"
    case targetTooLong = "target_too_long"
    case expectationFailed = "expectation_failed"
    case fieldsTooLarge = "fields_too_large"
    case noAnswer = "no_answer"
    case notImplemented = "not_implemented"
    case overloaded
    case versionNotSupported = "version_not_supported"

    /// The URI of RFC 9457.
    var uri: String { "urn:certplane:problem:\(rawValue)" }

    var status: Status {
        switch self {
        case .malformedPath, .badQuery, .badBody, .malformedRequest: .badRequest
        case .tokenRequired, .tokenRefused: .unauthorized
        case .crossSite, .foreignUser: .forbidden
        case .notFound, .unknownCertificate, .unknownRenewal: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .noReloadCommand: .conflict
        case .contentTooLarge: .contentTooLarge
        case .targetTooLong: .uriTooLong
        case .unsupportedMediaType: .unsupportedMediaType
        case .expectationFailed: .expectationFailed
        case .misdirectedHost: .misdirectedRequest
        case .invalidConfiguration: .unprocessableContent
        case .overBudget: .tooManyRequests
        case .fieldsTooLarge: .requestHeaderFieldsTooLarge
        case .noAnswer: .internalServerError
        case .notImplemented: .notImplemented
        case .tokenFileUnusable, .stopping, .reloadSlow, .notAlive, .overloaded: .serviceUnavailable
        case .versionNotSupported: .httpVersionNotSupported
        }
    }

    var title: String {
        switch self {
        case .misdirectedHost: "The Host is not this agent's loopback address"
        case .crossSite: "The request comes from another site"
        case .foreignUser: "This user may not change anything"
        case .tokenRequired: "Changes need the agent's token"
        case .tokenRefused: "The token is not the agent's"
        case .tokenFileUnusable: "The agent's token file can't be used"
        case .malformedPath: "The path can't be decoded"
        case .notFound: "There is nothing at this path"
        case .methodNotAllowed: "The method is not allowed here"
        case .badQuery: "The query is not understood"
        case .badBody: "The body is not understood"
        case .unsupportedMediaType: "The body must be JSON"
        case .unknownCertificate: "There is no certificate of this name"
        case .unknownRenewal: "There is no renewal of this id"
        case .noReloadCommand: "The certificate has no reload command"
        case .invalidConfiguration: "The configuration has problems"
        case .overBudget: "The order budget of the certificate is spent"
        case .stopping: "The agent is stopping"
        case .reloadSlow: "The configuration has not been read yet"
        case .notAlive: "The agent makes no progress"
        case .malformedRequest: "The request is malformed"
        case .requestTimeout: "The request took too long"
        case .contentTooLarge: "The body is too large"
        case .targetTooLong: "The request target is too long"
        case .expectationFailed: "The expectation can't be met"
        case .fieldsTooLarge: "The fields of the request are too large"
        case .noAnswer: "The request was not answered"
        case .notImplemented: "This is not implemented"
        case .overloaded: "The agent has no room for the request"
        case .versionNotSupported: "The protocol version is not supported"
        }
    }

    /// The kind of a refusal that the server made before there was a request.
    init(_ reason: RefusedRequest) {
        switch reason.status {
        case .requestTimeout: self = .requestTimeout
        case .contentTooLarge: self = .contentTooLarge
        case .uriTooLong: self = .targetTooLong
        case .expectationFailed: self = .expectationFailed
        case .requestHeaderFieldsTooLarge: self = .fieldsTooLarge
        case .internalServerError: self = .noAnswer
        case .notImplemented: self = .notImplemented
        case .serviceUnavailable: self = .overloaded
        case .httpVersionNotSupported: self = .versionNotSupported
        default: self = .malformedRequest
        }
    }
}
