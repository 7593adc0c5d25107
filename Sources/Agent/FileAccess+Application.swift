import POSIX

extension FileAccess {
    /// What happens to the list that a new file got from its directory's default one.
    enum DefaultList: Sendable {
        /// It stays, and grants what the mode's group bits let it: a new file where only trusted hands could set it.
        case kept
        /// It goes: it says nothing about the file that is replaced, or somebody else could have set it.
        case dropped
    }

    static func defaultList(
        replacing existing: FileStatus?, in directory: FileStatus, under sway: PathSway
    ) -> DefaultList {
        existing == nil && sway == .nobody && directory.mode & 0o022 == 0 ? .kept : .dropped
    }

    /// Whether the file is owned and may be used like this already.
    func isInForce(on file: borrowing FileDescriptor) throws(SystemError) -> Bool {
        let status = try file.status()
        guard status.owner == user, status.group == group else { return false }
        let list = try file.accessControlList()
        // With a list the mode follows from it.
        return list == accessList && (list != nil || status.mode == mode)
    }

    /// Gives an open file owner, group, mode and list, in an order in which nobody may ever do more than in the end,
    /// and says what could not be done without being a failure. Only to a file that holds nothing new yet.
    func apply(
        to file: borrowing FileDescriptor, defaultList: DefaultList
    ) throws(SystemError) -> [String] {
        let status = try file.status()
        if status.owner != user || status.group != group {
            try file.setOwner(status.owner == user ? nil : user, group: status.group == group ? nil : group)
        }
        // Before the mode: its group bits would put the list's mask in force.
        if defaultList == .dropped { try file.removeAccessControlList() }
        try file.setMode(mode)
        guard let accessList else { return [] }
        do throws(SystemError) {
            try file.setAccessControlList(accessList)
            return []
        } catch {
            return ["the access list of the old file is not kept: \(error)"]
        }
    }
}

extension FileInheritance {
    /// Gives the attributes to an open file; says which could not be kept.
    func handOn(to file: borrowing FileDescriptor) -> [String] {
        if !handsOnEverything { return [] }
        var failures = shortcomings
        for attribute in attributes {
            do throws(SystemError) {
                // A label that the new file has anyway would take a right to set that the agent may not have.
                if try file.attribute(attribute.name) == attribute.value { continue }
                try file.setAttribute(attribute.name, to: attribute.value)
            } catch {
                failures.append("\(attribute.name) of the old file is not kept: \(error)")
            }
        }
        return failures
    }
}
