import FoundationEssentials
import Lifecycle
import Notation
import PKI

@testable import Agent

/// The broker's answer, as it came, is refused with a reason, or passes all checks: nothing else.
func fuzzBundle(_ input: [UInt8]) {
    guard let bundle = try? JSON.decode(UncheckedBundle.self, from: input), let checks = checks(for: bundle)
    else { return }
    switch Result(catching: { () throws(RenewalFailure) in try checks.judge(bundle) }) {
    case .success: break
    case .failure(let failure): precondition(!failure.detail.isEmpty)
    }
}

/// The key and the names are those of the bundle, so that later checks are reached too; the time is that of the seed.
private func checks(for bundle: UncheckedBundle) -> BundleChecks? {
    guard let name = try? CertificateName(validating: "www"),
        let host = try? DNSName(validating: "www.example.org"), let names = DNSNameSet([host])
    else { return nil }
    let leaf = try? Certificate.issued(in: bundle.certificatePEM)
    let wanted = ManagedCertificate(
        name: name, profile: "web", dnsNames: names,
        outputs: OutputPaths(key: "/k", cert: "/c", chain: "/i", fullchain: "/f"))
    return BundleChecks(
        certificate: wanted, pendingKey: leaf?.spkiSHA256 ?? "", installedKey: nil,
        found: FoundCertificate(certificate: .missing, key: .missing), identityName: "host.example.org",
        now: (leaf?.notBefore ?? Date(timeIntervalSince1970: 0)) + 60)
}
