import HTTP

/// `GET /openapi.json`: the contract, as it stands in `openapi/`.
struct OpenAPIEndpoint: PromptEndpoint {
    private static let document = SharedBytes(openAPIDocument)

    func answer(_ call: APICall) throws(Problem) -> Response { .json(.ok, .shared([Self.document])) }
}
