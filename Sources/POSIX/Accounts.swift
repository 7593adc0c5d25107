import CPOSIX
import Glibc

/// The system's users and groups.
public enum Accounts {
    /// The number of a user by name, or of one that is given as a number; nil if there is none.
    public static func userID(named name: String) throws(SystemError) -> UserID? {
        try requireNoZero(name, "getpwnam")
        var user: UserID = 0
        if try system("getpwnam", name, { unsafe cposix_user_named(name, &user) }) == 1 { return user }
        return number(name)
    }

    /// The number of a group by name, or of one that is given as a number; nil if there is none.
    public static func groupID(named name: String) throws(SystemError) -> GroupID? {
        try requireNoZero(name, "getgrnam")
        var group: GroupID = 0
        if try system("getgrnam", name, { unsafe cposix_group_named(name, &group) }) == 1 { return group }
        return number(name)
    }

    /// The greatest number means "leave it" to chown and is nobody's.
    private static func number(_ text: String) -> UInt32? {
        guard let number = UInt32(text), number != .max, text.utf8.first != UInt8(ascii: "+") else {
            return nil
        }
        return number
    }
}
