import FoundationEssentials
import Lifecycle
import Log
import PKI

/// One renewal of one certificate, from the key to the installed files. Whatever goes wrong before the install has
/// changed nothing of the service's.
struct Attempt {
    let plan: AttemptPlan
    let desk: OrderDesk
    let inventory: Inventory
    let keys: PendingKeyStore
    let installer: Installer
    let log: Logger
    /// Tells the engine which stage begins.
    let enter: (Stage) -> Void

    func run() -> AttemptOutcome {
        do throws(RenewalFailure) {
            let found = inventory.look(at: plan.certificate)
            // It may be long ago that it was found to be due, and a fault of the machine may have made it seem so; or an
            // earlier install has been finished since.
            if plan.isFulfilled(by: found) { return .notNeeded(found) }
            let key = try takeKey(found)
            let request = try signingRequest(for: key)
            let bundle = try order(request)
            switch try check(bundle, for: key, found: found) {
            case .unchanged(let serial): return .unchanged(serial: serial)
            case .issued(let issued): return .installed(try install(issued, key))
            }
        } catch {
            return .failed(error)
        }
    }

    private func takeKey(_ found: FoundCertificate) throws(RenewalFailure) -> PendingKey {
        enter(.key)
        try keys.takeOver(from: plan.formerNames, by: plan.certificate.name)
        if plan.retiresPendingKey { try keys.retire(plan.certificate.name) }
        let key = try keys.take(for: plan.certificate, found: found, rotating: plan.rotatesKey)
        let attributes: LogAttributes = [
            "certificate": .string(plan.certificate.name.text), "key": .string(plan.certificate.outputs.key),
            "origin": .string(key.origin.rawValue),
        ]
        if key.origin == .made {
            log.info("service key generated", attributes)
        } else {
            log.debug("service key reused", attributes)
        }
        return key
    }

    private func signingRequest(for key: borrowing PendingKey) throws(RenewalFailure) -> SigningRequest {
        enter(.csr)
        let names = plan.certificate.dnsNames
        do {
            return try SigningRequest.create(
                commonName: names.commonName, dnsNames: names.texts, key: key.key)
        } catch {
            throw RenewalFailure(stage: .csr, .csrFailed, detail: "\(error)")
        }
    }

    private func order(_ request: SigningRequest) throws(RenewalFailure) -> UncheckedBundle {
        enter(.order)
        return try desk.order(request, for: plan.certificate)
    }

    private func check(
        _ bundle: UncheckedBundle, for key: borrowing PendingKey, found: FoundCertificate
    ) throws(RenewalFailure) -> BundleVerdict {
        enter(.checks)
        let checks = BundleChecks(
            certificate: plan.certificate, pendingKey: key.spkiSHA256,
            installedKey: inventory.installedKeySPKI(of: plan.certificate), found: found,
            identityName: desk.identityName, now: desk.clock.now)
        do { return try checks.judge(bundle) } catch {
            // It can't be used, but it was ordered, unless the broker says that it had it already.
            var failure = error
            failure.placedOrder = bundle.cache != "hit"
            throw failure
        }
    }

    func install(
        _ bundle: IssuedBundle, _ key: borrowing PendingKey
    ) throws(RenewalFailure) -> IssuedReport {
        enter(.install)
        let warnings: [String]
        do { warnings = try installer.install(bundle, pendingKey: key.pem, for: plan.certificate) } catch {
            var failure = error
            failure.placedOrder = !bundle.wasCached
            throw failure
        }
        // A certificate for the installed key leaves the waiting one waiting.
        if bundle.key == .pending { keys.installed(plan.certificate.name) }
        return IssuedReport(
            certificate: bundle.leaf, wasCached: bundle.wasCached, warnings: bundle.warnings + warnings)
    }
}
