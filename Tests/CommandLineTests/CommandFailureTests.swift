import Agent
import POSIX
import Testing

@testable import certplane_agent

@Suite struct CommandFailureTests {
    @Test(arguments: [
        (Errno.tooManyOpenFiles, "LimitNOFILE="), (.fileTableFull, "fs.file-max"),
        (.readOnlyFileSystem, "ReadWritePaths="), (.noSpace, "Free some space"),
        (.permissionDenied, "written by this user"),
    ])
    func `who can't use the state directory is told what to do about it`(errno: Errno, advice: String) {
        let failure = CommandFailure(
            StartFailure.stateDirectory(path: "/state", SystemError("open", "/state", errno)))
        #expect(failure.code == .failure)
        #expect(failure.advice.count == 1 && failure.advice[0].contains(advice))
    }
}
