internal import Glibc

/// A shared object in this process, which stays loaded until the process ends.
///
/// Unloading is not offered: code of several languages leaves pointers to itself behind when it is unmapped.
@safe public struct DynamicLibrary: Sendable {
    // SAFETY: the handle is an opaque name for dlsym, which may be called from any thread; it is never closed.
    private nonisolated(unsafe) let handle: UnsafeMutableRawPointer

    /// Loads a shared object with all its symbols resolved and none of them visible to others.
    ///
    /// - Parameter path: with a slash in it, or the system's library search applies.
    /// - Throws: ``SystemError`` with the loader's own words.
    public init(path: String) throws(SystemError) {
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL | Int32(RTLD_NODELETE)) else {
            throw SystemError("load \(path)", message: Self.lastMessage())
        }
        unsafe self.handle = handle
    }

    /// The address of an exported symbol; nil when there is none.
    public func symbol(_ name: String) -> UnsafeMutableRawPointer? {
        unsafe dlsym(handle, name)
    }

    private static func lastMessage() -> String {
        guard let text = unsafe dlerror() else { return "the dynamic loader gave no reason" }
        return unsafe String(cString: text)
    }
}
