import PKI
import POSIX

/// The outputs of one certificate, as openssl and the kernel see them.
struct CertificateFiles: Sendable {
    let directory: String
    /// What its chain must lead to.
    let root: String

    var key: String { directory + "/privkey.pem" }
    var cert: String { directory + "/cert.pem" }
    var chain: String { directory + "/chain.pem" }
    var fullchain: String { directory + "/fullchain.pem" }
    var all: [String] { [key, cert, chain, fullchain] }

    var areThere: Bool { all.allSatisfy { (try? File.status($0)) ?? nil != nil } }

    /// The bytes of every file; nil for one that is missing.
    func contents() -> [[UInt8]?] { all.map { try? File.read($0, limit: 1 << 20) } }

    func mode(of path: String) throws -> FileMode? { try File.status(path)?.mode }

    /// The leaf's serial number by openssl, `1A2B…`; nil if there is no certificate.
    func serial() throws -> String? {
        let answer = try Shell.run(Program.openssl, ["x509", "-in", cert, "-noout", "-serial"])
        return answer.succeeded ? answer.lines.first?.split(separator: "=").last.map(String.init) : nil
    }

    /// The public key in the certificate by openssl, PEM.
    func publicKey() throws -> String {
        try Shell.run(Program.openssl, ["x509", "-in", cert, "-noout", "-pubkey"]).output
    }

    /// What openssl has against the files; nil when they are in order.
    func complaint(hostName: String) throws -> String? {
        let verification = try Shell.run(
            Program.openssl,
            [
                "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", hostName, "-CAfile",
                root,
                "-untrusted", chain, cert,
            ])
        if !verification.succeeded { return "openssl verify: \(verification)" }
        let fromKey = try Shell.run(Program.openssl, ["pkey", "-in", key, "-pubout"])
        if try fromKey.output != publicKey() { return "the key doesn't match the certificate" }
        let joined = try Shell.line("cat '\(cert)' '\(chain)' | cmp - '\(fullchain)'")
        return joined.succeeded ? nil : "fullchain is not cert and chain: \(joined)"
    }

    /// Whether the set is whole: nothing at all, or every file with the key that belongs to the certificate.
    func isWholeOrAbsent() -> Bool {
        let contents = contents()
        if contents.allSatisfy({ $0 == nil }) { return true }
        guard let key = contents[0], let cert = contents[1], let chain = contents[2],
            let fullchain = contents[3],
            let leaf = try? Certificate(pem: cert), let privateKey = try? PrivateKey(pem: key)
        else { return false }
        return leaf.matches(privateKey) && fullchain == cert + chain
    }
}
