import FoundationEssentials
import Lifecycle
import PKI

/// What a client is handed instead of its bundle when a fault strikes.
struct TamperedBundle {
    var bundle: IssuedBundle
    /// Nil where it is leaf and chain as ever.
    var fullchain: String?

    /// `honest` as `fault` turns it out; nil for faults that leave the bundle alone.
    init?(
        _ honest: IssuedBundle, _ fault: LabFault, order: CertificateOrder, ca: LabHierarchy,
        lifetime: Duration,
        now: Date
    ) throws(CertificateIssuingError) {
        let names = order.profile.names
        let validity = LabValidity(lifetime: lifetime, now: now)
        bundle = honest
        switch fault {
        case .wrongKey:
            let stranger = try LabHierarchy.freshKey().publicKey
            try replaceLeaf(ca, names.commonName, names.texts, stranger, validity)
        case .expiredLeaf:
            let ended = LabValidity(endedBefore: now, lifetime: lifetime)
            try replaceLeaf(ca, names.commonName, names.texts, order.request.publicKey, ended)
        case .wrongNames:
            let others = ["elsewhere.lab.test"]
            try replaceLeaf(ca, others.first, others, order.request.publicKey, validity)
        case .swappedChain:
            fullchain = bundle.chainPEM + bundle.certificatePEM
        case .missingChain:
            bundle.chainPEM = ""
        case .brokenChain:
            bundle.chainPEM = try LabHierarchy.make("Unrelated", now: now).intermediate.certificate.pem
        case .latency, .rateLimited, .forbidden, .internalError, .issuanceFailed, .unavailable, .redirect,
            .hang,
            .truncatedJSON, .tooLarge, .halfClosed, .lostAnswer:
            return nil
        }
    }

    private mutating func replaceLeaf(
        _ ca: LabHierarchy, _ commonName: String?, _ names: [String], _ key: PublicKey,
        _ validity: LabValidity
    ) throws(CertificateIssuingError) {
        let leaf = try ca.intermediate.issueLeaf(commonName, names, for: key, validity, usages: [.serverAuth])
        bundle = IssuedBundle(leaf, under: ca)
    }
}

extension IssuedBundle {
    /// A leaf of the lab's service CA.
    init(_ leaf: Certificate, under ca: LabHierarchy) {
        self.init(
            certificatePEM: leaf.pem, chainPEM: ca.intermediate.certificate.pem, serialHex: leaf.serialHex,
            notBefore: leaf.notBefore, notAfter: leaf.notAfter)
    }
}
