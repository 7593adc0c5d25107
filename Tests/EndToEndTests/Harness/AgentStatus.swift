import FoundationEssentials

/// What the tests read of `GET /v1/status`.
struct AgentStatus: Decodable, Sendable {
    var identity: Identity
    var broker: Broker
    var clock: Clock
    var certificates: [Certificate]

    struct Identity: Decodable, Sendable {
        var state: String
        var advice: String?
    }

    struct Broker: Decodable, Sendable {
        var state: String
        var endpoint: String?
        var endpoints: [Endpoint]
        var nextProbeAt: Date?
        var lastError: Failure?
    }

    struct Endpoint: Decodable, Sendable {
        var url: String
        var state: String
        var lastContactAt: Date?
        var lastError: Failure?
    }

    struct Clock: Decodable, Sendable {
        var state: String
        var skewSeconds: Double?
        var advice: String?
        var nextQuestionAt: Date?
    }

    struct Certificate: Decodable, Sendable {
        var name: String
        var state: String
        var reason: String?
        var why: String
        var advice: String?
        var installed: Installed?
        var nextAttemptAt: Date?
        var lastError: Failure?
        var currentRenewal: CurrentRenewal?
        var reload: Reload
        var servedMatches: Bool?
    }

    struct Installed: Decodable, Sendable {
        var serial: String
        var keyType: String?
    }

    struct Failure: Decodable, Sendable {
        var stage: String
        var `class`: String
        var detail: String
        var advice: String
    }

    struct CurrentRenewal: Decodable, Sendable {
        var stage: String?
    }

    struct Reload: Decodable, Sendable {
        var running: Bool
        var pendingSince: Date?
        var lastError: Failure?
    }
}
