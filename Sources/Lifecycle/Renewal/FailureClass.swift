/// The kinds of failure that status, log and metrics tell apart. Each has one advice.
public enum FailureClass: String, Hashable, Sendable, CaseIterable, Codable {
    // The key and the request.
    case keyGenerationFailed = "key_generation_failed"
    case stateDirectoryFailed = "state_directory_failed"
    case csrFailed = "csr_failed"

    // Nothing was sent to the broker.
    case brokerNotResolved = "broker_not_resolved"
    case brokerUnreachable = "broker_unreachable"
    case brokerTLSFailed = "broker_tls_failed"
    case identityRefused = "identity_refused"
    case notEnrolled = "not_enrolled"
    case identityExpired = "identity_expired"
    case identityUnusable = "identity_unusable"

    // The answer was lost or is no answer.
    case brokerTimeout = "broker_timeout"
    case connectionLost = "connection_lost"
    case answerTooLarge = "answer_too_large"
    case answerMalformed = "answer_malformed"
    case redirected
    case unexpectedAnswer = "unexpected_answer"

    // The broker's own words.
    case invalidRequest = "invalid_request"
    case unauthorized
    case forbidden
    case wrongEndpoint = "wrong_endpoint"
    case rateLimited = "rate_limited"
    case brokerError = "broker_error"
    case issuanceFailed = "issuance_failed"
    case brokerUnavailable = "broker_unavailable"

    // Checks of the issued bundle.
    case leafUnreadable = "leaf_unreadable"
    case leafIsCA = "leaf_is_ca"
    case wrongKey = "wrong_key"
    case wrongNames = "wrong_names"
    case leafExpired = "leaf_expired"
    case leafNotYetValid = "leaf_not_yet_valid"
    case leafNotForServers = "leaf_not_for_servers"
    case alreadyDue = "already_due"
    case brokenChain = "broken_chain"
    case metadataMismatch = "metadata_mismatch"

    // Install.
    case unsafePath = "unsafe_path"
    case sharedOutputs = "shared_outputs"
    case unknownAccount = "unknown_account"
    case permissionDenied = "permission_denied"
    case diskFull = "disk_full"
    case readOnly = "read_only"
    case tooManyOpenFiles = "too_many_open_files"
    case crossesFileSystems = "crosses_file_systems"
    case fileSystemError = "file_system_error"
    /// An earlier install is not finished yet; its files are all old or all new.
    case installOpen = "install_open"
    case installStuck = "install_stuck"

    // Reload and verify.
    case reloadFailed = "reload_failed"
    case reloadTimeout = "reload_timeout"
    case notServable = "not_servable"
    case servedMismatch = "served_mismatch"
    case servedUnreachable = "served_unreachable"

    // The identity's own authority.
    case caUnreachable = "ca_unreachable"
    case caUntrusted = "ca_untrusted"
    case caRefused = "ca_refused"
    case tokenRefused = "token_refused"
    /// Another process is changing the identity at this moment.
    case identityBusy = "identity_busy"

    // Ourselves.
    case orderBudgetSpent = "order_budget_spent"
    case dueAgain = "due_again"
    case stopped
}
