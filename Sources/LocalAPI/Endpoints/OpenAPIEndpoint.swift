import HTTP

/// `GET /openapi.json`: the contract, as it stands in `openapi/`.
final class OpenAPIEndpoint: PlainEndpoint {
    private static let document = SharedBytes(openAPIDocument)

    func answer() throws(Problem) -> Response { .json(.ok, .shared([Self.document])) }
}
