import HTTP
import Lifecycle
import Notation

/// The body of a request for several renewals: which ones, and how.
struct BatchBody {
    enum Selection: Equatable {
        case named([String])
        case all
        /// Those that are due for a reason of their own.
        case due
    }

    /// As many names as fit into a body however long they are.
    static let most = 200
    private static let choices = ["all", "certificates", "due"]

    let selection: Selection
    let wish: RenewRequest

    static func read(_ request: Request) throws(Problem) -> BatchBody {
        var wish = RenewRequest()
        var selections: [Selection] = []
        var errors: [String] = []
        for member in try JSONBody.members(of: request) {
            switch (member.name, member.value) {
            case ("all", .bool(true)): selections.append(.all)
            case ("due", .bool(true)): selections.append(.due)
            case ("all", _), ("due", _): errors.append("\(member.name) must be true, or be left out")
            case ("certificates", let value):
                if let names = names(value) {
                    selections.append(.named(names))
                } else {
                    errors.append("certificates must be a list of one to \(most) names")
                }
            default:
                let known = (choices + RenewBody.known).sorted()
                if let error = RenewBody.take(member, into: &wish, known: known) { errors.append(error) }
            }
        }
        if errors.isEmpty, selections.count != 1 {
            errors.append("one of all, certificates and due must say what is renewed")
        }
        try JSONBody.refuse(errors)
        return BatchBody(selection: selections[0], wish: wish)
    }

    private static func names(_ value: JSONValue) -> [String]? {
        guard case .array(let items) = value, (1...most).contains(items.count) else { return nil }
        let names = items.compactMap { item in
            if case .string(let name) = item { name } else { nil }
        }
        return names.count == items.count ? names : nil
    }
}
