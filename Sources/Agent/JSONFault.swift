/// What is wrong with a JSON document, in few words and without its contents.
enum JSONFault {
    static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "unreadable" }
        switch error {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "it is not a JSON object" : "\(path) has the wrong type"
        case .dataCorrupted: return "it is not complete, valid JSON"
        @unknown default: return "unreadable"
        }
    }
}
