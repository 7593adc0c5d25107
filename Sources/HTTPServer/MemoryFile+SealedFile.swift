public import HTTP
public import POSIX

extension MemoryFile: SealedFile {
    public func bytes(from offset: Int, upTo count: Int) -> [UInt8] {
        (try? read(from: offset, upTo: count)) ?? []
    }
}
