import HTTP
import Lifecycle
import Notation

/// The body of a request for a renewal.
enum RenewBody {
    static let longestReason = 200
    static let known = ["over_budget", "reason", "reload", "rotate_key"]

    static func read(_ request: Request) throws(Problem) -> RenewRequest {
        var wish = RenewRequest()
        var errors: [String] = []
        for member in try JSONBody.members(of: request) {
            if let error = take(member, into: &wish) { errors.append(error) }
        }
        try JSONBody.refuse(errors)
        return wish
    }

    /// What is wrong with the member, if anything.
    static func take(_ member: JSONMember, into wish: inout RenewRequest, known: [String] = known) -> String?
    {
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
            return "\(member.name.prefix(64)) is not known; known are \(known.joined(separator: ", "))"
        }
        return nil
    }
}
