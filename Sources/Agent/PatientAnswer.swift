import POSIX

/// What is asked of directories that may hang: on a thread of its own, which is left to the one that does. Nil without an
/// answer in that time.
func answer<Answer: Sendable>(
    within patience: Duration, _ question: @escaping @Sendable () -> Answer
) -> Answer? {
    let answers = Monitor<Answer?>(nil)
    let thread = try? Worker(name: "question") {
        let answer = question()
        answers.change { $0 = answer }
    }
    return thread.flatMap { _ in answers.wait(until: Clock.boottime() + patience) { $0 } }
}
