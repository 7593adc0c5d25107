import Lifecycle

/// An install whose journal entry stays open.
struct OpenInstall: Sendable {
    var subject: InstallSubject
    var places: Set<FilePlace>
    /// As an entry has them that was found at the start: its directories may be reached by another way by now.
    var paths: [String] = []
    /// The certificate of that name has other files by now.
    var isLeftBehind = false
    /// Some files are new and others old.
    var isMixed: Bool
    /// Why it could not be closed when that was last tried.
    var told: String?

    var mayBeIdentity: Bool { subject == .identity || subject == .unknown }

    func concerns(_ certificate: ManagedCertificate) -> Bool {
        (subject == .certificate(certificate.name.text) && !isLeftBehind)
            || certificate.outputs.paths.contains { places.contains(.written($0)) }
    }

    /// An install that is open no more.
    struct Ended: Sendable {
        var subject: String
        var install: OpenInstall
        /// The set has been installed anew since, perhaps elsewhere, and its service is told of that.
        var isSuperseded = false

        /// Also under another name: it may have got one since.
        func concerns(_ certificate: ManagedCertificate) -> Bool {
            if subject == certificate.name.text { return !isSuperseded }
            return install.concerns(certificate)
        }
    }
}
