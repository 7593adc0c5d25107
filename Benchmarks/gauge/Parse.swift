import HTTP

/// A request as Prometheus sends it: 255 bytes.
let scrape =
    "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9780\r\nUser-Agent: Prometheus/2.53.0\r\n"
    + "Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\nAccept-Encoding: gzip\r\n"
    + "X-Prometheus-Scrape-Timeout-Seconds: 10\r\nConnection: keep-alive\r\nX-Note: 0123456789abcdef0123456789abc\r\n\r\n"

/// Parses two requests in turn, of which none is the same as that before, in memory that is used again, as the reactor
/// does.
func parse(times: Int) -> Int32 {
    let requests = [Array(scrape.utf8), Array(scrape.replacing("/metrics", with: "/healthz").utf8)]
    guard requests.allSatisfy({ $0.count == 255 }), requests[0] != requests[1] else {
        print("Error: the requests have \(requests.map(\.count)) bytes")
        return 1
    }
    var parser = RequestParser()
    for time in 0..<times {
        let bytes = requests[time % 2]
        let (consumed, event) = parser.read(bytes[...])
        guard case .request(let request) = consume event, consumed == bytes.count else { return 1 }
        parser.recycle(request)
    }
    return 0
}
