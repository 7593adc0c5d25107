import HTTP

/// `GET /`: the status page for a person. Its style and script are the two that stand in it, by their hashes; it may
/// load nothing, send nothing but reads of this API, and stand in nobody's frame.
final class PageEndpoint: PlainEndpoint {
    private static let page = SharedBytes(statusPage)

    private static let fields = [
        Field("Content-Type", "text/html; charset=utf-8"),
        Field(
            "Content-Security-Policy",
            "default-src 'none'; style-src '\(statusPageStyleHash)'; script-src '\(statusPageScriptHash)'; "
                + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        Field("Referrer-Policy", "no-referrer"),
    ]

    func answer() throws(Problem) -> Response {
        Response(.ok, fields: Self.fields, body: .shared([Self.page]))
    }
}
