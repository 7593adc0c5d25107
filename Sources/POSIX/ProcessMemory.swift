import CPOSIX

/// What the allocator holds for this process.
public enum ProcessMemory {
    /// Settles how the allocator holds memory; before there are threads. Few arenas, because what one thread frees of
    /// another's is of use to that one only; and what is large is mapped by itself, so that its end gives it back.
    public static func keepSmall() { cposix_keep_memory_small() }

    /// Gives memory that is free back to the kernel. After work that needs much for a moment; takes milliseconds.
    public static func giveBack() { cposix_give_back_memory() }
}
