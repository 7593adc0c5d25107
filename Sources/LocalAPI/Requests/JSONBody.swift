import HTTP
import Lifecycle
import Notation

/// The body of a request: optional, JSON, and strict, so that a misspelt wish is never overlooked.
enum JSONBody {
    private static let deepest = 8

    /// The members of the object; none without a body.
    static func members(of request: Request) throws(Problem) -> [JSONMember] {
        guard !request.body.isEmpty else { return [] }
        guard isJSON(request.fields.values("content-type")) else {
            // What an HTML form can send is refused here, whatever else let it through.
            throw Problem(.unsupportedMediaType, "Content-Type must be application/json.")
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(request.body, deepest: deepest)
        } catch {
            throw Problem(.badBody, "The body is not JSON: \(error).")
        }
        guard case .object(let members) = value else {
            throw Problem(.badBody, "The body must be a JSON object.")
        }
        return members
    }

    /// Refuses every member.
    static func requireNoMembers(in request: Request) throws(Problem) {
        let names = try members(of: request).map { "\($0.name.prefix(64)) is not known" }
        try refuse(names)
    }

    static func refuse(_ errors: [String]) throws(Problem) {
        if errors.isEmpty { return }
        throw Problem(.badBody, errors.joined(separator: "; "), errors: errors)
    }

    /// One field, `application/json`, with or without parameters.
    private static func isJSON(_ values: [String]) -> Bool {
        guard let value = values.first, values.count == 1 else { return false }
        let type = value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return type.lowercased() == "application/json"
    }
}
