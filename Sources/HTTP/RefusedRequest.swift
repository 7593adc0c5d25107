/// Why a request is not handed on. After each of them the connection closes: where the next request would
/// begin is no longer certain.
public enum RefusedRequest: Error, Hashable, Sendable, CaseIterable {
    // The request line.
    case malformedRequestLine, malformedTarget, unsupportedTargetForm, targetTooLong
    case unsupportedMethod, unsupportedVersion
    // Lines and fields.
    case bareLineFeed, bareCarriageReturn, controlCharacter, foldedField, malformedField
    case fieldTooLong, tooManyFields, headTooLong, repeatedEmptyLine
    // Host.
    case missingHost, repeatedHost, malformedHost, hostContradictsTarget
    // Framing (the request-smuggling family, RFC 9112 section 6.3).
    case repeatedContentLength, malformedContentLength, contentLengthWithTransferEncoding
    case repeatedTransferEncoding, transferEncodingInHTTP10, unsupportedTransferCoding, chunkedNotLast
    case malformedChunk, chunkExtensionsTooLong, malformedTrailer, trailersTooLong
    case bodyTooLarge, unsupportedExpectation
    // What the server decides.
    case headTimedOut, bodyTimedOut, tooManyConnections, tooManyBodyBytes, tooManyWaitingRequests
    case noAnswer

    /// The status that answers it.
    public var status: Status {
        switch self {
        case .targetTooLong: .uriTooLong
        case .unsupportedMethod, .unsupportedTransferCoding: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        case .fieldTooLong, .tooManyFields, .headTooLong, .trailersTooLong: .requestHeaderFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedExpectation: .expectationFailed
        case .headTimedOut, .bodyTimedOut: .requestTimeout
        case .tooManyConnections, .tooManyBodyBytes, .tooManyWaitingRequests: .serviceUnavailable
        case .noAnswer: .internalServerError
        default: .badRequest
        }
    }

    /// A sentence for the client that does not change between releases.
    public var title: String {
        switch self {
        case .malformedRequestLine: "The request line is not of the form METHOD TARGET HTTP/1.1"
        case .malformedTarget: "The request target holds a byte that must be percent-encoded, or bad encoding"
        case .unsupportedTargetForm: "The request target has a form that this method does not take"
        case .targetTooLong: "The request line is too long"
        case .unsupportedMethod: "The method is not implemented"
        case .unsupportedVersion: "Only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .bareLineFeed: "A line ends in LF without CR"
        case .bareCarriageReturn: "A CR is not followed by LF"
        case .controlCharacter: "The head of the request holds a control character"
        case .foldedField: "A field line is folded or begins with white space"
        case .malformedField: "A field line is not of the form name: value"
        case .fieldTooLong: "A field line is too long"
        case .tooManyFields: "The request has too many fields"
        case .headTooLong: "The fields of the request are too long together"
        case .repeatedEmptyLine: "More than one empty line precedes the request"
        case .missingHost: "The Host field is missing"
        case .repeatedHost: "The Host field is repeated"
        case .malformedHost: "The host is not a name or address with an optional port"
        case .hostContradictsTarget: "The Host field and the request target name different hosts"
        case .repeatedContentLength: "The Content-Length field is repeated"
        case .malformedContentLength: "The Content-Length is not a decimal number"
        case .contentLengthWithTransferEncoding: "Content-Length and Transfer-Encoding exclude each other"
        case .repeatedTransferEncoding: "The Transfer-Encoding field is repeated"
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding"
        case .unsupportedTransferCoding: "The only transfer coding implemented is chunked"
        case .chunkedNotLast: "The transfer coding chunked must be the last one"
        case .malformedChunk: "A chunk of the body is malformed"
        case .chunkExtensionsTooLong: "The chunk extensions are too long"
        case .malformedTrailer: "A trailer field is malformed"
        case .trailersTooLong: "The trailer fields are too long"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedExpectation: "The only expectation met is 100-continue"
        case .headTimedOut: "The head of the request took too long"
        case .bodyTimedOut: "The body of the request took too long"
        case .tooManyConnections: "There are too many connections"
        case .tooManyBodyBytes: "The requests in progress hold too much memory"
        case .tooManyWaitingRequests: "Too many requests wait for their answer"
        case .noAnswer: "The request was not answered"
        }
    }
}
