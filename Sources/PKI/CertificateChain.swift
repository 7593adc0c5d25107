import COpenSSL
public import FoundationEssentials
import Notation

/// Certificates in the order of TLS: the leaf first, each signed by the one that follows.
///
/// Holding a chain says nothing about its links: `verifyLinks` and `verify` do.
public struct CertificateChain: Hashable, Sendable {
    public let leaf: Certificate
    /// What follows the leaf, possibly nothing.
    public let intermediates: [Certificate]

    public var certificates: [Certificate] { [leaf] + intermediates }

    /// The blocks of all certificates in their order, as they were read.
    public var pem: String { certificates.map(\.pem).joined() }

    public init(leaf: Certificate, intermediates: [Certificate] = []) {
        self.leaf = leaf
        self.intermediates = intermediates
    }

    /// Reads a chain; a block that is no certificate is refused.
    ///
    /// - Parameter known: certificates that were read before and need not be once more.
    public init(pem: [UInt8], knowing known: [Certificate] = []) throws(CertificateError) {
        let text = pem.span
        let sections: [PEM.Section]
        do { sections = try PEM.sections(in: text) } catch { throw .pem(error) }
        var certificates: [Certificate] = []
        for section in sections {
            guard section.label == Certificate.label else {
                throw .unexpectedBlock(label: section.label, line: section.line)
            }
            certificates.append(try Certificate(section, in: text, knowing: known))
        }
        guard let leaf = certificates.first else { throw .missing }
        self.init(leaf: leaf, intermediates: Array(certificates.dropFirst()))
    }
}

/// The first thing that is wrong with a chain.
public enum CertificateChainError: Error, Hashable, Sendable {
    /// The certificate at `index` (the leaf is 0) is not signed by the one after it.
    case brokenLink(index: Int)
    case notYetValid(subject: String, notBefore: Date)
    case expired(subject: String, notAfter: Date)
    /// No path leads to an anchor. `reason` is OpenSSL's, about the certificate at `depth` (the leaf is 0).
    case untrusted(reason: String, depth: Int)
    case openSSL(OpenSSLError)
}

extension CertificateChainError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .brokenLink(let index): "certificate \(index + 1) is not signed by the one after it"
        case .notYetValid(let subject, let date): "\(subject) is not valid before \(date.rfc3339)"
        case .expired(let subject, let date): "\(subject) expired at \(date.rfc3339)"
        case .untrusted(let reason, let depth): "not trusted: \(reason) (certificate \(depth + 1))"
        case .openSSL(let error): error.description
        }
    }
}
