/// Why the arguments of `lab` can't be followed: one line for the terminal.
public struct LabOptionsProblem: Error, Equatable, CustomStringConvertible {
    public var description: String
}

extension LabOptions {
    /// Reads the arguments after `lab`. Each option takes its value as `--name value` or `--name=value`.
    public init(arguments: [String]) throws(LabOptionsProblem) {
        var given = GivenOptions()
        try given.read(arguments)
        guard let directory = given.directory else {
            throw LabOptionsProblem(description: "--dir DIR is missing")
        }
        self.init(directory: directory)
        listen = given.listen ?? listen
        stepCAListen = given.stepCAListen ?? stepCAListen
        apiListen = given.apiListen ?? apiListen
        reloadCommand = given.reloadCommand
        lifetime = given.lifetime ?? lifetime
        identityLifetime = given.identityLifetime ?? identityLifetime
        identity = given.identity ?? identity
        issueDelay = given.issueDelay ?? issueDelay
        faults = given.faults
        if given.names != nil, given.certificates != nil {
            throw LabOptionsProblem(description: "--names and --certificates exclude each other")
        }
        if let count = given.certificates { certificates = LabCertificate.numbered(count) }
        if let names = given.names { certificates = [LabCertificate(names: names)].compactMap { $0 } }
        // Many certificates at once, and a renewal every few seconds, are what those options are for.
        let busy = given.certificates != nil || lifetime < .seconds(86_400)
        limits = given.limits ?? (busy ? .off : .standard)
    }

    /// What `help lab` prints.
    public static var usage: String {
        let faults = LabFault.catalogue.map { name, effect in
            "  \(name)\(String(repeating: " ", count: max(1, 24 - name.count)))\(effect)"
        }
        return """
            usage: certplane-broker lab --dir DIR [options]

            A broker, a CA and enough of step-ca in one process, on loopback, to try an agent with.
            Not for production.

              --dir DIR                        where keys, CA bundles, agent.yml and policy.yml go (created)
              --listen 127.0.0.1:PORT          the broker (default: any free port)
              --step-ca-listen 127.0.0.1:PORT  step-ca (default: any free port)
              --api-listen 127.0.0.1:PORT|off  api.listen of the agent.yml (default: 127.0.0.1:9780)
              --reload-command COMMAND         reload_command of its certificates (default: none)
              --lifetime DURATION              of service certificates (default: 90d)
              --identity-lifetime DURATION     of identity certificates (default: 24h)
              --identity NAME                  the host's identity (default: edge01.lab.test)
              --names NAME,NAME…               of its one certificate (default: www.lab.test,api.lab.test)
              --certificates N                 N certificates instead: c0001.lab.test …
              --rate-limit A,B                 orders an hour per identity and per profile, or off
                                               (default: 50,20; off with --certificates or --lifetime below 1d)
              --issue-delay DURATION           how long an order takes (default: 0s)
              --fault SPEC                     something to do wrong; repeatable

            SPEC is name[:argument][@profile][xCOUNT], for example issuance-failed@wwwx3 for the next three orders
            of profile www:
            \(faults.joined(separator: "\n"))

            DIR/faults holds the specs in force, one a line; it is read again whenever it has changed.
            SIGHUP reads policy.yml again, SIGUSR1 writes a fresh bootstrap token, SIGTERM ends the lab.
            """
    }
}
