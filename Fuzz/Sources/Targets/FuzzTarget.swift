/// What reads bytes from outside. A target traps on what must not be.
enum FuzzTarget: String, CaseIterable {
    case http, yaml, pem, bundle

    func run(_ input: [UInt8]) {
        switch self {
        case .http: fuzzHTTP(input)
        case .yaml: fuzzYAML(input)
        case .pem: fuzzPEM(input)
        case .bundle: fuzzBundle(input)
        }
    }
}
