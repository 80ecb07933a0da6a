internal import Glibc

/// An error number of the C library, by name.
public struct Errno: RawRepresentable, Sendable, Hashable {
    /// The number.
    public let rawValue: Int32

    /// Names a number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// ENOENT: there is no such file or folder.
    public static let noSuchFile = Errno(rawValue: ENOENT)
    /// EEXIST: the file is there already.
    public static let fileExists = Errno(rawValue: EEXIST)
    /// EACCES: permission denied.
    public static let accessDenied = Errno(rawValue: EACCES)
    /// EPERM: the operation is not permitted.
    public static let notPermitted = Errno(rawValue: EPERM)
    /// EROFS: the file system is read-only.
    public static let readOnlyFileSystem = Errno(rawValue: EROFS)
    /// ENOSPC: no space is left on the device.
    public static let noSpace = Errno(rawValue: ENOSPC)
    /// EDQUOT: the user's share of the device is used up.
    public static let quotaExceeded = Errno(rawValue: EDQUOT)
    /// EFBIG: the file would be larger than allowed.
    public static let fileTooLarge = Errno(rawValue: EFBIG)
    /// EAGAIN: the call would block, or the lock is held.
    public static let wouldBlock = Errno(rawValue: EAGAIN)
    /// EINTR: a signal came in between.
    public static let interrupted = Errno(rawValue: EINTR)
    /// EINVAL: an argument is not valid.
    public static let invalidArgument = Errno(rawValue: EINVAL)
    /// ENOTDIR: a part of the path is not a folder.
    public static let notAFolder = Errno(rawValue: ENOTDIR)
    /// EISDIR: the path names a folder.
    public static let isAFolder = Errno(rawValue: EISDIR)
    /// ENOTEMPTY: the folder has entries.
    public static let notEmpty = Errno(rawValue: ENOTEMPTY)
    /// ECONNREFUSED: nobody listens.
    public static let connectionRefused = Errno(rawValue: ECONNREFUSED)
}

extension SystemError {
    /// The error number by name.
    public var number: Errno { Errno(rawValue: code) }
}

/// Calls the C library, once more after each interruption by a signal; -1 becomes an error.
///
/// - Parameters:
///   - operation: what is attempted, for people; it is built only for the error.
///   - call: makes the call.
/// - Returns: what the call returned.
@discardableResult
func checked<Value: FixedWidthInteger & SignedInteger>(
    _ operation: @autoclosure () -> String, _ call: () -> Value
) throws(SystemError) -> Value {
    while true {
        let value = call()
        if value != -1 { return value }
        let code = errno
        if code != EINTR { throw SystemError(operation(), code: code) }
    }
}
