/// Each thing that can be wrong, in words.
extension YAMLProblem {
    static func syntax(
        _ problem: String, at position: SourcePosition, context: String?, began: SourcePosition
    ) -> YAMLProblem {
        var message = problem
        if let context {
            message += " \(context)"
            if began.line != position.line { message += " that began in line \(began.line)" }
        }
        return YAMLProblem(.syntax, at: position, message, hint: syntaxHint(for: problem))
    }

    /// The mistakes that people make, by what libyaml says about them.
    private static func syntaxHint(for problem: String) -> String {
        switch problem {
        case "found character that cannot start any token", "found a tab character that violates indentation":
            "Indent with spaces, not tabs, and quote a value that begins with a tab, @, ` or %."
        case "mapping values are not allowed in this context":
            "Check the indentation of this line, and quote a value that contains \": \"."
        case "did not find expected alphabetic or numeric character":
            "Quote a value that begins with * or &, like \"*.example.com\"."
        case "found unexpected end of stream":
            "A quote or bracket was opened and never closed."
        case "found unknown escape character":
            "Inside double quotes a backslash begins an escape; use single quotes for a literal one."
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            "A bracket was opened and not closed, or a comma is missing."
        default:
            "Check the indentation, quotes and colons of this line and the one before."
        }
    }

    static func encoding(_ problem: String, at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .encoding, at: position, problem,
            hint: problem.hasPrefix("control")
                ? "Remove the character; text may hold tabs and line breaks but no other control characters."
                : "Save the file as UTF-8.")
    }

    static func tooDeep(limit: Int, at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .tooDeep, at: position, "collections are nested more than \(limit) deep",
            hint: "Check that this is the right file.")
    }

    static func tooManyNodes(limit: Int, at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .tooManyNodes, at: position, "the file holds more than \(limit) values",
            hint: "Check that this is the right file.")
    }

    static func alias(_ name: String, at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .alias, at: position, "the alias *\(name) is not supported",
            hint: "Write the value out here, or quote it if it is meant to begin with *.")
    }

    static func anchor(_ name: String, at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .anchor, at: position, "the anchor &\(name) is not supported",
            hint: "Write each value out where it is used, or quote it if it is meant to begin with &.")
    }

    static func tag(_ tag: String, at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .tag, at: position, "the tag \(tag) is not supported",
            hint: "Remove it, or quote the value if it is meant to begin with !.")
    }

    static func duplicateKey(
        _ key: String, at position: SourcePosition, first: SourcePosition
    ) -> YAMLProblem {
        YAMLProblem(
            .duplicateKey, at: position, "the key \(key) is already set in line \(first.line)",
            hint: "Keep one of the two lines.")
    }

    static func complexKey(at position: SourcePosition) -> YAMLProblem {
        YAMLProblem(
            .complexKey, at: position, "only a word can be a key",
            hint: "Write the key as one word before the colon.")
    }

    static let outOfMemory = YAMLProblem(
        .outOfMemory, at: SourcePosition(line: 1, column: 1), "there is not enough memory to read the file",
        hint: "Free memory, then try again.")
}
