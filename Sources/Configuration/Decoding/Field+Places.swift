import Lifecycle
import YAML

/// Scalars to files, servers and names. Each function answers nil after a complaint.
extension Field {
    /// The absolute path of a file that no other key may name, unless both only read it.
    func filePath(_ use: PathClaim.Use) -> String? {
        guard let path = absolutePath() else { return nil }
        if ["", ".", ".."].contains(PathText.name(of: path)) {
            return reject("the path names a directory", hint: "Write the path of a file.")
        }
        findings.claims.append(PathClaim(path: path, use: use, field: self))
        return path
    }

    /// The absolute path of a directory, without a trailing slash.
    func directoryPath() -> String? {
        guard var path = absolutePath() else { return nil }
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        if PathText.normalised(path) == "/" {
            return reject("the path is the root directory", hint: "Use a directory of its own.")
        }
        return path
    }

    private func absolutePath() -> String? {
        guard let path = word() else { return nil }
        guard path.utf8.first == UInt8(ascii: "/") else {
            let isHome = path.hasPrefix("~")
            return reject(
                isHome ? "~ is not expanded in paths" : "the path is not absolute",
                hint: "Write the whole path, beginning with /.")
        }
        if path.utf8.count > 4095 || PathText.parts(of: path).contains(where: { $0.utf8.count > 255 }) {
            return reject("the path is too long", hint: "A path holds 4095 bytes, each part of it 255.")
        }
        return path
    }

    /// The path of a Unix socket, which the kernel wants within 107 bytes.
    func socketPath() -> String? {
        guard let path = filePath(.exclusive) else { return nil }
        if path.utf8.count > 107 {
            return reject(
                "the path of a socket can't be longer than 107 bytes",
                hint: "Use a shorter one, like /run/certplane/agent.sock.")
        }
        return path
    }

    func url() -> HTTPSURL? {
        guard let text = text() else { return nil }
        do throws(HTTPSURL.Problem) {
            return try HTTPSURL(validating: text)
        } catch {
            let form = "Write it like https://host.example.com:8443."
            switch error {
            case .notAURL: return reject("this is not a URL", hint: form)
            case .notHTTPS: return reject("the URL must begin with https://", hint: form)
            case .badHost: return reject("the URL has no valid host", hint: form)
            case .badPort:
                return reject("the URL has no valid port", hint: "A port is a number from 1 to 65535.")
            case .hasUserInfo:
                return reject("the URL holds a user name or password", hint: "Remove what stands before @.")
            case .hasQueryOrFragment:
                return reject("the URL has a query or fragment", hint: "Remove ? or # and what follows.")
            case .badCharacter:
                return reject(
                    "the URL holds a character that is not allowed in one",
                    hint: "Percent-encode it; write international host names in punycode.")
            }
        }
    }

    func listenAddress() -> ListenAddress? {
        guard let text = text() else { return nil }
        do throws(ListenAddress.Problem) {
            return try ListenAddress(validating: text)
        } catch {
            switch error {
            case .notLoopback:
                return reject(
                    "\(quoted(text)) is not an address of the loopback interface",
                    hint: "Use 127.0.0.1:9780, [::1]:9780 or off; the API is for this host only.")
            case .missingPort: return reject("the port is missing", hint: "Write it like 127.0.0.1:9780.")
            case .badPort: return reject("the port is not valid", hint: "A port is a number from 0 to 65535.")
            }
        }
    }

    func fingerprint() -> Fingerprint? {
        guard let text = text() else { return nil }
        if let fingerprint = Fingerprint(text) { return fingerprint }
        return reject(
            "this is not the SHA-256 of a certificate",
            hint: "Write the 64 hex digits that `step certificate fingerprint root_ca.crt` prints.")
    }

    func certificateName() -> CertificateName? {
        guard let text = word() else { return nil }
        do throws(CertificateNameProblem) {
            return try CertificateName(validating: text)
        } catch {
            return reject("\(error)", hint: "Use a short name, like www.")
        }
    }

    func dnsName() -> DNSName? {
        guard let text = scalar()?.text else { return nil }
        do throws(DNSNameProblem) {
            return try DNSName(validating: text)
        } catch {
            return reject("\(error)", hint: "Write a host name, like www.example.com or \"*.example.com\".")
        }
    }

    /// Where to connect: a host and a port.
    func hostAndPort() -> String? {
        guard let text = text() else { return nil }
        if let colon = text.lastIndex(of: ":"),
            let port = PortNumber.parse(text[text.index(after: colon)...]),
            port > 0, Self.isHost(text[..<colon])
        {
            return text
        }
        return reject(
            "\(quoted(text)) is not a host and port", hint: "Write it like 127.0.0.1:443 or [::1]:443.")
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.count > 2
                && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        return !host.isEmpty
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/:@[]?#".utf8.contains($0) }
    }
}
