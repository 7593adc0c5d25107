import HTTP

/// A request as Prometheus sends it: 255 bytes.
let scrape =
    "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9780\r\nUser-Agent: Prometheus/2.53.0\r\n"
    + "Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\nAccept-Encoding: gzip\r\n"
    + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\nConnection: keep-alive\r\nX-Note: 0123456789abcdef0123456789abc\r\n\r\n"

/// Parses the same request again and again, in memory that is used again, as the reactor does.
func parse(times: Int) -> Int32 {
    let bytes = Array(scrape.utf8)
    guard bytes.count == 255 else {
        print("Error: the request has \(bytes.count) bytes")
        return 1
    }
    var parser = RequestParser()
    for _ in 0..<times {
        let (consumed, event) = parser.read(bytes[...])
        guard case .request(let request) = consume event, consumed == bytes.count else { return 1 }
        parser.recycle(request)
    }
    return 0
}
