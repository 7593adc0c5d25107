import FoundationEssentials

/// The bodies of step-ca's API.
enum StepCAMessages {
    /// Of `/sign`.
    struct SignRequest: Codable {
        var csr: String
        var ott: String
        var notBefore: String?
        var notAfter: String?
    }

    /// Of `/rekey`.
    struct RekeyRequest: Codable {
        var csr: String
    }

    private struct Failure: Encodable {
        var status: Int
        var message: String
    }

    private struct Root: Encodable {
        var ca: String
    }

    private struct Roots: Encodable {
        var crts: [String]
    }

    private struct Health: Encodable {
        var status = "ok"
    }

    private struct Signed: Encodable {
        var crt: String
        var ca: String
        var certChain: [String]
        var tlsOptions = TLSOptions()
    }

    private struct TLSOptions: Encodable {
        var cipherSuites = [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        ]
        var minVersion = 1.2
        var maxVersion = 1.3
        var renegotiation = false
    }

    /// The request in `body`; nil when it is not JSON, or lacks something.
    static func decode<Message: Decodable>(_ type: Message.Type, _ body: [UInt8]) -> Message? {
        // Any way of not being this JSON is the same 400 to the caller.
        try? JSONDecoder().decode(type, from: Data(body))
    }

    static func failure(_ status: Int, _ message: String) -> [UInt8] {
        JSONText.encode(Failure(status: status, message: message))
    }

    static func root(_ pem: String) -> [UInt8] { JSONText.encode(Root(ca: pem)) }

    static func roots(_ pems: [String]) -> [UInt8] { JSONText.encode(Roots(crts: pems)) }

    static func health() -> [UInt8] { JSONText.encode(Health()) }

    /// A signed leaf with its intermediate; the root is never in it.
    static func signed(leaf: String, intermediate: String) -> [UInt8] {
        JSONText.encode(Signed(crt: leaf, ca: intermediate, certChain: [leaf, intermediate]))
    }
}
