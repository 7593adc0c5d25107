/// The text of the files the lab writes for people and for the agent.
enum LabDocuments {
    /// An agent.yml that works as it is.
    static func agentConfiguration(
        _ options: LabOptions, _ layout: LabLayout, brokerURL: String, stepCAURL: String, rootSHA256: String
    ) -> String {
        var text = """
            # Written by `certplane-broker lab` at each of its starts.
            state_dir: \(quoted(layout.agentState))

            identity:
              name: \(quoted(options.identity))
              cert: \(quoted(layout.identityCertificate))
              key: \(quoted(layout.identityKey))
              issuer_ca_bundle: \(quoted(layout.agentIdentityBundle))
              bootstrap_token: \(quoted(layout.bootstrapToken))
              step_ca:
                url: \(quoted(stepCAURL))
                # Or, instead of the bundle: fingerprint: \(rootSHA256)
                root_ca_bundle: \(quoted(layout.stepCARoot))

            broker:
              url: \(quoted(brokerURL))
              server_ca_bundle: \(quoted(layout.brokerServerBundle))

            api:
              listen: \(quoted(options.apiListen))

            certificates:

            """
        for certificate in options.certificates {
            text += """
                  - name: \(quoted(certificate.name))
                    profile: \(quoted(certificate.name))
                    dns_names: [\(certificate.names.map(quoted).joined(separator: ", "))]
                    key: \(quoted(layout.output(certificate.name, "privkey.pem")))
                    cert: \(quoted(layout.output(certificate.name, "cert.pem")))
                    chain: \(quoted(layout.output(certificate.name, "chain.pem")))
                    fullchain: \(quoted(layout.output(certificate.name, "fullchain.pem")))

                """
            if let command = options.reloadCommand { text += "    reload_command: \(quoted(command))\n" }
        }
        return text
    }

    /// A policy.yml in which the lab's one host may have every profile.
    static func policy(_ options: LabOptions) -> String {
        var text = """
            # Written by `certplane-broker lab` at each of its starts; while it runs, SIGHUP reads it again.
            version: 1

            profiles:

            """
        for certificate in options.certificates {
            let isWildcard = certificate.names.contains { $0.hasPrefix("*.") }
            text += """
                  \(quoted(certificate.name)):
                    type: \(isWildcard ? "wildcard" : "multi_san")
                    dns_names: [\(certificate.names.map(quoted).joined(separator: ", "))]
                    acme:
                      challenge: dns-01
                      credentials: lab

                """
        }
        text += """

            hosts:
              lab-host:
                identity: \(quoted(options.identity))
                profiles: [\(options.certificates.map { quoted($0.name) }.joined(separator: ", "))]

            """
        return text
    }

    /// What a person types next.
    static func nextSteps(_ layout: LabLayout) -> String {
        """
        Next, in another terminal:
          certplane-agent enroll -c \(layout.agentConfiguration)
          certplane-agent run -c \(layout.agentConfiguration)
        """
    }

    /// `text` as a double-quoted YAML scalar.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension LabDocuments {
    /// The faults file as the command line wants it.
    static func faults(_ options: LabOptions) -> String {
        """
        # Faults in force, one NAME[:ARGUMENT][@PROFILE][xCOUNT] a line; `certplane-broker help lab` lists them.

        """ + options.faults.map { $0 + "\n" }.joined()
    }
}
