import Lifecycle

extension JSONWriter {
    /// A new configuration that is in force, by how it differs from the one before.
    mutating func members(of difference: ConfigurationDifference, _ reload: ConfigurationReload) {
        string("id", reload.id.text)
        time("ended_at", reload.endedAt)
        bool("changed_anything", !difference.isEmpty)
        object("certificates") {
            $0.strings("added", difference.added.lazy.map(\.text))
            $0.strings("changed", difference.changed.lazy.map(\.text))
            $0.strings("removed", difference.removed.lazy.map(\.text))
        }
        strings("settings", difference.settings)
        strings("restart_required", difference.restartRequired)
    }

    /// Where a configuration is wrong, for programs.
    mutating func faults(_ faults: [ConfigurationFault]) {
        array("problems", of: faults) { writer, fault in
            writer.object {
                $0.integer("line", fault.line > 0 ? fault.line : nil)
                $0.integer("column", fault.column > 0 ? fault.column : nil)
                $0.string("key", fault.key)
                $0.string("message", fault.message)
                $0.string("hint", fault.hint)
            }
        }
    }
}
