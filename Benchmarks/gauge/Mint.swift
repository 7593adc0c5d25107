import FoundationEssentials
import PKI
import POSIX

/// Writes valid sets for the lab's certificates `c0001` to `c0000 + N` where its agent.yml wants them: an installed
/// host in a moment, without an order for each.
func mint(into lab: String, certificates count: Int) throws -> Int32 {
    let now = Date(timeIntervalSince1970: Date.now.timeIntervalSince1970.rounded(.down))
    let authority = { (name: String, below: Int) in
        CertificateTemplate(
            commonName: name, notBefore: now - 86_400, notAfter: now + 3650 * 86_400,
            role: .authority(maximumIntermediates: below))
    }
    let root = try CertificateIssuer.selfSigned(authority("Gauge Root", 1), key: .generate(.ecP256))
    let issuer = try root.subordinate(authority("Gauge Intermediate", 0), key: .generate(.ecP256))
    let chain = issuer.certificate.pem
    let certs = try Directory.make(lab + "/certs", mode: 0o755)
    for number in 1...max(1, count) {
        let digits = String(number)
        let name = "c" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let key = try PrivateKey.generate(.ecP256)
        let template = CertificateTemplate(
            commonName: "\(name).lab.test", dnsNames: ["\(name).lab.test"], notBefore: now - 86_400,
            notAfter: now + 89 * 86_400 - 1, role: .leaf())
        let leaf = try issuer.issue(template, for: key.publicKey)
        let folder = try certs.makeDirectory(name, mode: 0o755)
        let keyFile = try folder.createFile("privkey.pem", mode: 0o600)
        try key.pkcs8PEM().withBytes { (bytes) throws(SystemError) in try keyFile.writeAll(bytes) }
        for (file, pem) in [
            ("cert.pem", leaf.pem), ("chain.pem", chain), ("fullchain.pem", leaf.pem + chain),
        ] {
            try folder.createFile(file, mode: 0o644).writeAll(Array(pem.utf8))
        }
    }
    return 0
}
