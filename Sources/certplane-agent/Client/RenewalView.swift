import POSIX

/// Shows progress: on a terminal a row for each renewal, changed in its place; else a line for each change.
struct RenewalView {
    /// More than that is too much to watch.
    private static let mostLive = 20

    private var shown: [String: String] = [:]
    private var liveRows = 0

    /// What is to be written so that the reader sees this progress, on a terminal of this size or, without one, in a
    /// stream.
    mutating func update(_ progress: RenewalProgress, in window: WindowSize?) -> String {
        // What has left the screen can't be changed in place.
        if let window, progress.courses.count <= min(Self.mostLive, window.rows - 1) {
            return live(progress, in: window)
        }
        liveRows = 0
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

    private mutating func live(_ progress: RenewalProgress, in window: WindowSize) -> String {
        var text = liveRows > 0 ? "\u{1B}[\(liveRows)A" : ""
        for course in progress.courses {
            // A line that wraps would be two; at the end there is nothing to come back to.
            let line = progress.isDone ? course.line : window.row(course.line)
            text += line + "\u{1B}[K\n"
        }
        liveRows = progress.courses.count
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
