/// Whole files, replaced in one step that survives a power loss: a reader sees the old content or the new.
public enum AtomicFile {
    public static func replace(
        in directory: borrowing Directory, name: String, with bytes: [UInt8], mode: FileMode
    ) throws(SystemError) {
        let staged = try StagedFile.create(in: directory, replacing: name, mode: mode)
        try staged.write(bytes)
        try staged.synchronize()
        try staged.commit()
        try directory.synchronize()
    }

    public static func replace(
        inDirectory path: String, name: String, with bytes: [UInt8], mode: FileMode
    ) throws(SystemError) {
        try replace(in: Directory.open(path), name: name, with: bytes, mode: mode)
    }
}
