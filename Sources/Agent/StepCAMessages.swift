/// The body of step-ca's `/1.0/sign`.
struct SignRequestBody: Encodable {
    var csr: String
    /// The one-time token; spent by this call.
    var ott: String
}

/// What step-ca's `/1.0/sign`, `/1.0/renew` and `/1.0/rekey` answer with status 201.
struct SignAnswerBody: Decodable {
    /// The leaf.
    var crt: String
    /// The intermediate.
    var ca: String?
    /// Leaf first, without the root. Absent from old versions.
    var certChain: [String]?

    /// The PEM text of leaf and intermediates in order.
    var chainPEM: [String] {
        if let certChain, !certChain.isEmpty { return certChain }
        return [crt] + (ca.map { [$0] } ?? [])
    }
}

/// What `GET /root/<fingerprint>` answers.
struct RootAnswerBody: Decodable {
    var ca: String
}

/// The body of step-ca's refusals.
struct StepCAErrorBody: Decodable {
    var status: Int?
    var message: String
}
