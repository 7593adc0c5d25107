/// The texts of `help`.
enum Help {
    static func text(for topic: String?) -> String? {
        guard let topic else { return overview }
        switch CommandName(rawValue: topic) {
        case .run: return run
        case .enroll: return enroll
        case .recover: return recover
        case .check: return check
        case .plan: return plan
        case .status: return status
        case .renew: return renew
        case .reload: return reload
        case .version: return "certplane-agent version: prints the version.\n"
        case .help: return overview
        case nil: return nil
        }
    }

    private static let overview = """
        certplane-agent keeps a host's TLS certificates valid: it orders them from a Certplane broker over
        mutual TLS, installs them, and has the services reload.

        Usage: certplane-agent COMMAND [-c FILE] [options]

        Commands:
          run       the renewal loop and the local API; ends on SIGTERM
          enroll    obtain this machine's identity from step-ca with the bootstrap token
          recover   finish or undo what a crash interrupted; for the boot, before the services
          check     look at configuration, files, identity and certificates; change nothing
          plan      what a run would do now and why, without doing it
          status    what the running agent says of itself and its certificates
          renew     have the running agent renew certificates now
          reload    have the running agent read its configuration again
          version   print the version
          help      this text, or that of a command: certplane-agent help run

        Options:
          -c, --config FILE   the configuration (default: \(Invocation.standardConfiguration))

        Exit codes: 0 success, 1 the operation failed, 2 bad usage or configuration,
        3 agent not reachable, 4 locked by another agent.

        """

    private static let run = """
        Usage: certplane-agent run [-c FILE] [--once]

        Runs until SIGTERM or SIGINT: renews each certificate before it expires, runs its reload command,
        and serves health, status and metrics on api.listen (default 127.0.0.1:9780).

          --once    one pass over everything that is due, without the API; exit code 1 if anything failed

        """

    private static let enroll = """
        Usage: certplane-agent enroll [-c FILE]

        Obtains the identity from step-ca with the token in identity.bootstrap_token, writes it to
        identity.cert and identity.key, and deletes the token. A valid identity is never overwritten;
        an expired one is replaced. Works beside a running agent.

        """

    private static let recover = """
        Usage: certplane-agent recover [-c FILE]

        Finishes installs that were decided when the process or the machine died, or undoes them if a new
        file is missing, and removes staged files. Needs no network, orders nothing, reloads nothing. An
        agent that starts does the same; this is for the boot, before the services that read the files.

        """

    private static let plan = """
        Usage: certplane-agent plan [-c FILE] [--json]

        Says for the identity and for each certificate what a run that started now would do first, and why.
        Reads the files and the agent's stored state, and nothing else: no network, no lock, no change, so it
        can be asked beside a running agent, before enrolment, and by a user who can't read everything (it
        says what it could not see). A running agent's own view is in GET /v1/status.

          --json    the plan as one JSON document

        """

    private static let check = """
        Usage: certplane-agent check [-c FILE] [--online] [--json]
               certplane-agent check [-c FILE] --unit

        Reports every problem of the configuration with its line, then looks at permissions, identity,
        CA bundles and installed certificates. Changes nothing. What is merely not there yet (before
        enrolment, before the first issuance) is a finding, not a failure.

          --online  also shake hands with the broker and step-ca
          --json    the findings as one JSON document
          --unit    print, as a script to read and run as root, the systemd drop-in and the polkit rule that
                    certplane-agent.service needs for this configuration

        """

    private static let reach = """
        The agent is asked over its Unix socket (api.socket, or agent.sock in systemd's runtime directory),
        else over api.listen. There, changes need the token of api.token_file, which is sent only if the port
        belongs to root, to this user or to the agent's user. Exit code 3: the agent can't be reached.

        """

    private static let status = """
        Usage: certplane-agent status [NAME] [-c FILE] [--json] [--watch]

        Shows agent, identity, broker and all certificates, or everything about one.

          --json    the agent's own document
          --watch   again every two seconds, until ^C, also while the agent can't be reached

        \(reach)
        """

    private static let renew = """
        Usage: certplane-agent renew NAME... | --all [-c FILE] [--no-wait] [--over-budget] [--rotate-key]

        Has the certificates renewed now, and waits: each step is shown. Exit code 1 if one failed; a failed
        renewal leaves the files as they were.

          --no-wait      don't wait for the outcome
          --over-budget  also if the certificate has had its orders for these seven days
          --rotate-key   change the key even if reuse_key keeps it

        \(reach)
        """

    private static let reload = """
        Usage: certplane-agent reload [-c FILE]

        Has the configuration read again, and says what changed. One with problems is refused with all of
        them, exit code 2, and the one before stays in force.

        \(reach)
        """
}
