import Lifecycle
import Testing

@testable import Broker

@Suite struct `The policy file` {
    static let good = """
        version: 1
        profiles:
          web:
            type: multi_san
            dns_names: [www.lab.test, API.lab.test.]
            acme: {challenge: dns-01, credentials: lab}
          star:
            type: wildcard
            dns_names: ["*.lab.test"]
            acme: {challenge: dns-01}
            renew_before: 240h
        hosts:
          edge01:
            identity: edge01.lab.test
            profiles: [web]
          edge02:
            identity: edge02.lab.test
            profiles: [web, star]

        """

    static func policy(_ text: String) throws(PolicyProblems) -> BrokerPolicy {
        try BrokerPolicy(reading: Array(text.utf8))
    }

    @Test func `an identity has the profiles of its host and no others`() throws {
        let policy = try Self.policy(Self.good)
        #expect(
            policy.profile("web", for: "edge01.lab.test")?.names.texts == ["api.lab.test", "www.lab.test"])
        #expect(policy.profile("web", for: "edge01.lab.test")?.renewBefore == .seconds(720 * 3600))
        #expect(policy.profile("star", for: "edge01.lab.test") == nil)
        #expect(policy.profile("star", for: "edge02.lab.test")?.renewBefore == .seconds(240 * 3600))
        #expect(policy.profile("web", for: "stranger.lab.test") == nil)
        #expect(policy.profile("none", for: "edge01.lab.test") == nil)
    }

    @Test func `a profile's hash follows its contents and not their spelling`() throws {
        func hash(_ text: String) throws -> String? { try Self.policy(text).profiles["web"]?.hash }
        let hash0 = try #require(try hash(Self.good))
        let respelled = Self.good.replacing(
            "[www.lab.test, API.lab.test.]", with: "[api.lab.test, www.lab.test]")
        #expect(try hash(respelled) == hash0)
        #expect(try hash(Self.good.replacing("www.lab.test", with: "w3.lab.test")) != hash0)
        #expect(try hash(Self.good.replacing("credentials: lab", with: "credentials: other")) != hash0)
    }

    @Test(arguments: [
        ("version: 1", "version: 2", "1:10: version 2 is not known"),
        ("version: 1\n", "", "1:1: \"version\" is missing"),
        ("type: wildcard", "type: star", "8:11: unknown type \"star\""),
        ("[\"*.lab.test\"]", "[lab.test]", "9:17: lab.test in a wildcard profile"),
        ("www.lab.test", "\"*.lab.test\"", "5:17: *.lab.test in a multi_san profile"),
        ("www.lab.test", "www", "5:17: \"www\": the name needs at least two labels"),
        ("{challenge: dns-01}", "{challenge: http-01}", "10:23: http-01 can't prove a wildcard"),
        ("{challenge: dns-01}", "{challenge: tls-alpn-01}", "10:23: unknown challenge \"tls-alpn-01\""),
        ("240h", "240", "11:19: \"240\" is not a duration"),
        ("renew_before", "renew_bfore", "11:5: unknown key \"renew_bfore\" in profile \"star\""),
        ("edge02.lab.test", "edge01.lab.test", "17:15: identity \"edge01.lab.test\" is another host's too"),
        ("[web, star]", "[web, moon]", "18:21: there is no profile \"moon\""),
        ("[web, star]", "web", "18:15: \"profiles\" is not a list"),
        ("[web, star]", "[]", "18:15: \"profiles\" is empty"),
    ])
    func `a broken rule is named with its place`(text: String, mistake: String, problem: String) throws {
        let problems = #expect(throws: PolicyProblems.self) {
            _ = try Self.policy(Self.good.replacing(text, with: mistake, maxReplacements: 1))
        }
        let found = try #require(problems)
        #expect(found.problems.count == 1, "\(found)")
        #expect(found.description.hasPrefix(problem), "\(found)")
    }

    @Test func `all problems come in one report`() throws {
        let problems = #expect(throws: PolicyProblems.self) {
            _ = try Self.policy(
                "version: 3\nprofiles: []\nhosts: {a: {identity: x, profiles: [y]}}\nextra: 1\n")
        }
        #expect(problems?.problems.map(\.line) == [1, 2, 3, 4])
    }

    @Test(arguments: ["", "# nothing\n", "- 1\n", "{"])
    func `what is no policy is refused`(text: String) {
        #expect(throws: PolicyProblems.self) { _ = try Self.policy(text) }
    }

    @Test(arguments: [
        ["--dir", "/x"], ["--dir", "/x", "--certificates", "12"], ["--dir", "/x", "--names", "*.a.test"],
    ])
    func `the policy that the lab writes is one`(arguments: [String]) throws {
        let options = try LabOptions(arguments: arguments)
        let policy = try Self.policy(LabDocuments.policy(options))
        for certificate in options.certificates {
            #expect(policy.profile(certificate.name, for: options.identity) != nil)
        }
    }
}
