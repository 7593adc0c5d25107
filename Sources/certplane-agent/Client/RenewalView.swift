/// Shows progress: on a terminal a line for each renewal, changed in its place; else a line for each change.
struct RenewalView {
    /// More than a screen holds can't be changed in place.
    private static let mostLive = 20
    private static let width = 100

    let isTerminal: Bool
    private var shown: [String: String] = [:]
    private var liveLines = 0

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// What is to be written so that the reader sees this progress.
    mutating func update(_ progress: RenewalProgress) -> String {
        if isTerminal, progress.courses.count <= Self.mostLive { return live(progress) }
        var text = ""
        for course in progress.courses {
            let line = Self.milestone(of: course)
            if let line, shown[course.certificate] != line {
                shown[course.certificate] = line
                text += line + "\n"
            }
        }
        return text
    }

    private mutating func live(_ progress: RenewalProgress) -> String {
        var text = liveLines > 0 ? "\u{1B}[\(liveLines)A" : ""
        for course in progress.courses {
            // A line that wraps would be two.
            let line = progress.isDone ? course.line : String(course.line.prefix(Self.width))
            text += line + "\u{1B}[K\n"
        }
        liveLines = progress.courses.count
        return text
    }

    /// A line that changes only when a step begins or the renewal ends.
    private static func milestone(of course: RenewalCourse) -> String? {
        switch course.state {
        case "queued": course.waitsBecause == nil ? nil : course.line
        case "running", "reloading": course.steps.last.map { "\(course.certificate): \($0.stage)" }
        default: course.line
        }
    }
}
