import HTTP
import Lifecycle
import Notation

/// The body of a request for a renewal: optional, JSON, and strict, so that a misspelt wish is never overlooked.
enum RenewBody {
    static let longestReason = 200
    private static let deepest = 8

    static func read(_ request: Request) throws(Problem) -> RenewRequest {
        guard !request.body.isEmpty else { return RenewRequest() }
        guard isJSON(request.fields.values("content-type")) else {
            // What an HTML form can send is refused here, whatever else let it through.
            throw Problem(.unsupportedMediaType, "Content-Type must be application/json.")
        }
        var wish = RenewRequest()
        var errors: [String] = []
        for member in try members(of: request.body) {
            if let error = take(member, into: &wish) { errors.append(error) }
        }
        if !errors.isEmpty {
            throw Problem(.badBody, errors.joined(separator: "; "), errors: errors)
        }
        return wish
    }

    private static func members(of body: [UInt8]) throws(Problem) -> [JSONMember] {
        let value: JSONValue
        do {
            value = try JSONReader.read(body, deepest: deepest)
        } catch {
            throw Problem(.badBody, "The body is not JSON: \(error).")
        }
        guard case .object(let members) = value else {
            throw Problem(.badBody, "The body must be a JSON object.")
        }
        return members
    }

    /// What is wrong with the member, if anything.
    private static func take(_ member: JSONMember, into wish: inout RenewRequest) -> String? {
        switch (member.name, member.value) {
        case ("reason", .string(let text)):
            if text.unicodeScalars.count > longestReason {
                return "reason must not be longer than \(longestReason) characters"
            }
            if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                return "reason must not contain control characters"
            }
            wish.reason = text
        case ("reload", .bool(let value)): wish.reload = value
        case ("rotate_key", .bool(let value)): wish.rotateKey = value
        case ("over_budget", .bool(let value)): wish.overBudget = value
        case ("reason", _): return "reason must be a string"
        case ("reload", _), ("rotate_key", _), ("over_budget", _):
            return "\(member.name) must be true or false"
        default:
            return "\(member.name.prefix(64)) is not known; known are over_budget, reason, reload, rotate_key"
        }
        return nil
    }

    /// One field, `application/json`, with or without parameters.
    private static func isJSON(_ values: [String]) -> Bool {
        guard let value = values.first, values.count == 1 else { return false }
        let type = value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return type.lowercased() == "application/json"
    }
}
