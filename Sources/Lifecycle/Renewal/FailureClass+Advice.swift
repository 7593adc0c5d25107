extension FailureClass {
    /// What a person should do, in one sentence.
    public var advice: String {
        switch self {
        case .keyGenerationFailed: "Look for the cryptographic library's error in the log."
        case .stateDirectoryFailed: "See that state_dir exists, is writable for the agent and has space left."
        case .csrFailed: "Look for the cryptographic library's error in the log."

        case .brokerNotResolved:
            "See that the host name in broker.url is right and that DNS works on this host."
        case .brokerUnreachable:
            "See that the broker runs and that no firewall lies between it and this host."
        case .brokerTLSFailed:
            "See that server_ca_bundle holds the broker's authority and that the clock is right."
        case .identityRefused: "See that the broker trusts this identity's issuer; if not, enroll again."
        case .notEnrolled: "Put a bootstrap token in place and run `certplane-agent enroll`."
        case .identityExpired: "Put a fresh bootstrap token in place and run `certplane-agent enroll`."
        case .identityUnusable: "Run `certplane-agent check` to see what is wrong with the identity's files."

        case .brokerTimeout: "Nothing, if it passes; else look at the broker's log or raise broker.timeout."
        case .connectionLost: "Nothing, if it passes; else look at the broker's log."
        case .answerTooLarge: "See that broker.url points at a Certplane broker."
        case .answerMalformed: "See that broker.url points at a Certplane broker of a fitting version."
        case .redirected: "Put the final address in broker.url; redirects are never followed."
        case .unexpectedAnswer: "See that broker.url points at a Certplane broker, not at a proxy."

        case .invalidRequest: "Compare dns_names and key_type with what the broker's profile accepts."
        case .unauthorized: "See that the broker's policy knows this identity; if not, have it added."
        case .forbidden: "Have the broker's policy allow this identity the profile with exactly these names."
        case .wrongEndpoint: "Correct broker.url: nothing answers to orders at that address."
        case .rateLimited: "Nothing: it is tried again when the broker's limit allows."
        case .brokerError: "Look at the broker's log."
        case .issuanceFailed: "Look at the broker's log for the certificate authority's answer."
        case .brokerUnavailable: "Look at the broker's log: its policy or its audit trail is not available."

        case .leafUnreadable:
            "Report it to the broker's operator: it issued something that is no certificate."
        case .leafIsCA: "Report it to the broker's operator: it issued a certificate authority."
        case .wrongKey: "Report it to the broker's operator: it issued a certificate for another key."
        case .wrongNames: "Compare dns_names with the names of the broker's profile."
        case .leafExpired: "See that the clocks of this host and of the broker are right."
        case .leafNotYetValid: "See that the clocks of this host and of the broker are right."
        case .leafNotForServers: "Have the issuing profile include the usage serverAuth."
        case .alreadyDue: "Lower renew_before, or have the broker issue for longer or clear its cache."
        case .brokenChain:
            "Report it to the broker's operator: its chain does not lead from the certificate up."
        case .metadataMismatch:
            "Report it to the broker's operator: its answer contradicts the certificate in it."

        case .unsafePath:
            "Make every directory on the path belong to root or the agent's user, writable by no other."
        case .sharedOutputs: "Give each certificate files of its own, or manage only one of the two."
        case .unknownAccount: "Correct owner or group of the certificate, or create the account."
        case .permissionDenied:
            "Give the agent's user the right to write the output files and their directories."
        case .diskFull: "Free some space; nothing was changed, and it is tried again."
        case .readOnly:
            "Make the file system of the output files writable for the agent (ReadWritePaths= in the unit)."
        case .tooManyOpenFiles:
            "Raise LimitNOFILE= in the unit (or fs.file-max, if the whole machine is out of descriptors)."
        case .crossesFileSystems:
            "See what lies between the file and its directory: a mount, or a project quota with another id."
        case .fileSystemError: "Look at the kernel's log for errors of the disk."
        case .installOpen:
            "Look at the log for what holds up the earlier install: mount its directory, or free the file."
        case .installStuck:
            "Look at the log for the file that could be neither replaced nor restored, and free it."

        case .reloadFailed: "Run the reload command by hand and correct what it complains about."
        case .reloadTimeout: "See why the reload command takes so long, or raise reload_timeout."
        case .notServable:
            "See why its renewal fails: once certificate and key belong together, the service is reloaded."
        case .servedMismatch:
            "See that the service reads the installed files and that its reload really re-reads them."
        case .servedUnreachable: "See that the service listens at the address in verify."

        case .caUnreachable: "See that step-ca runs and that no firewall lies between it and this host."
        case .caUntrusted: "Compare fingerprint or root_ca_bundle with the root of step-ca."
        case .caRefused: "Look at step-ca's log under the request id in the agent's log."
        case .identityBusy: "Wait for the other process to end; an agent tries again by itself."
        case .tokenRefused: "Have a new bootstrap token made: tokens work once and for a few minutes."

        case .orderBudgetSpent:
            "Find out why so many orders were needed; a forced renewal may pass over the budget."
        case .dueAgain: "Compare renew_before, dns_names and key_type with what the broker issues."
        case .stopped: "Nothing: the agent was stopped and goes on at its next start."
        }
    }
}
