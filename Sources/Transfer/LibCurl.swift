import CCurl
import Glibc

/// The library as a whole, made ready once a process.
public enum LibCurl {
    /// Makes libcurl ready; later calls do nothing. Best made before the process has a second thread, since
    /// it takes `SSLKEYLOGFILE` out of the environment: libcurl would write the secrets of every connection
    /// there.
    public static func prepare() throws(TransferError) {
        guard outcome == CURLE_OK else { throw .library("curl_global_init: \(describe(outcome))") }
    }

    /// "libcurl/7.88.1 OpenSSL/3.0.22 …"
    public static var version: String { unsafe String(cString: curl_version()) }

    private static let outcome: CURLcode = {
        _ = unsafe unsetenv("SSLKEYLOGFILE")
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    }()
}
