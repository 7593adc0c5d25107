public import FoundationEssentials

extension HostState {
    /// An install that could not be carried through is finished, or undone. Finished, it is a success that came late: the
    /// files are ours, and nobody else will have the service told of them.
    mutating func recovered(_ name: CertificateName, _ found: FoundCertificate, at now: Moment) {
        guard let index = indexes[name] else { return }
        if certificates[index].attempt == nil {
            take(found, index)
            if certificates[index].mayFinishInstall { forgetFailure(index, at: now) }
            settleLateInstall(index, at: now)
        }
        if let serial = found.installed?.serial, serial != certificates[index].record.reloadedSerial {
            if certificates[index].wanted.reload != nil {
                oweReload(index, gather: false, at: now)
            } else {
                certificates[index].record.reloadedSerial = serial
            }
        }
        if certificates[index].owesForRebuild {
            certificates[index].owesForRebuild = false
            certificates[index].reload.retryAt = now.boottime
        }
        persist(index)
        evaluate(index, at: now)
        resumeHeldReloads(at: now)
    }

    /// An attempt failed at its install, or died there with its process, and now the set is whole and another than the one
    /// it set out from: a recovery has finished it, and what was wished for is there. To order it again would be one order
    /// too many, but who has asked since then has asked for one more. What is known of lost orders stays: these files may
    /// be somebody else's. Key and certificate that belong together make no whole set: one that is stuck still has other
    /// files of another.
    mutating func settleLateInstall(_ index: Int, at now: Moment) {
        guard certificates[index].record.lastError?.failure.failureClass != .installStuck,
            let origin = certificates[index].record.attemptOrigin, certificates[index].defect == nil,
            let serial = certificates[index].found?.installed?.serial, serial != origin.serial
        else { return }
        certificates[index].record.attemptOrigin = nil
        if !certificates[index].hasFreshRequest { certificates[index].record.request = nil }
        if certificates[index].reason(at: now.wall) == nil {
            certificates[index].record.lastSuccessAt = now.wall
            forgetFailure(index, at: now)
        }
        persist(index)
    }

    /// The set is whole again, so it is no longer stuck; and if it is the new one, nothing is to be tried again.
    private mutating func forgetFailure(_ index: Int, at now: Moment) {
        certificates[index].record.lastError = nil
        guard certificates[index].reason(at: now.wall) == nil else { return }
        certificates[index].record.consecutiveFailures = 0
        certificates[index].record.backoffStep = 0
        certificates[index].record.nextAttemptAt = nil
        certificates[index].retryAt = nil
    }
}

extension CertificateLifecycle {
    /// The last install could not be carried through, and may be finished yet: by a recovery, or by the next attempt, which
    /// begins with that.
    var mayFinishInstall: Bool { record.lastError?.failure.isOfInstall == true }

    /// Whether a certificate that turns up is what an attempt has left to be finished, and nobody has told its service.
    func isLateInstall(_ serial: String) -> Bool {
        guard let origin = record.attemptOrigin else { return false }
        return serial != origin.serial && serial != record.reloadedSerial
    }
}

extension RenewalFailure {
    /// The files could not be changed, or could not be because of an earlier install.
    var isOfInstall: Bool { stage == .install || failureClass.isOfOpenInstall }
}

extension CertificateRecord {
    /// The record after a start's recovery: a set that is stuck or open, for the reason given, is what is wrong with it,
    /// and one that was before and is no more is whole.
    public static func afterRecovery(
        _ stored: CertificateRecord?, stuck reason: String?, as failureClass: FailureClass = .installStuck,
        at now: Date
    ) -> CertificateRecord? {
        guard let reason else {
            guard var record = stored, record.lastError?.failure.failureClass.isOfOpenInstall == true else {
                return stored
            }
            record.lastError = nil
            return record
        }
        var record = stored ?? CertificateRecord()
        let failure = RenewalFailure(stage: .install, failureClass, detail: reason)
        record.lastError = RecordedError(failure: failure, at: now)
        record.consecutiveFailures = max(record.consecutiveFailures, 1)
        return record
    }
}
