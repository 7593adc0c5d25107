import POSIX

/// Tenants by the token their events come back with. A slot's generation counts its tenants, so that an event or
/// an answer for an earlier one finds nobody. Slot 0 is the bell's.
struct SlotTable<Tenant> {
    private struct Slot {
        var generation: UInt32 = 0
        var tenant: Tenant?
    }

    static var bell: Poller.Token { Poller.Token(slot: 0) }

    private var slots: [Slot] = []
    private var free: [Int] = []

    /// All tenants in no order.
    var tenants: [Tenant] { slots.compactMap(\.tenant) }

    subscript(token: Poller.Token) -> Tenant? {
        let index = Int(token.slot) - 1
        guard slots.indices.contains(index), slots[index].generation == token.generation else { return nil }
        return slots[index].tenant
    }

    /// A token that nobody has. It is the caller's to `place` somebody there.
    mutating func reserve() -> Poller.Token {
        if let index = free.popLast() {
            return Poller.Token(slot: UInt32(index + 1), generation: slots[index].generation)
        }
        slots.append(Slot())
        return Poller.Token(slot: UInt32(slots.count))
    }

    mutating func place(_ tenant: Tenant, at token: Poller.Token) {
        slots[Int(token.slot) - 1].tenant = tenant
    }

    mutating func remove(_ token: Poller.Token) {
        guard self[token] != nil else { return }
        let index = Int(token.slot) - 1
        slots[index].tenant = nil
        slots[index].generation &+= 1
        free.append(index)
    }
}
