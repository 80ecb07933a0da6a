internal import BattenCore
public import BattenSystem

/// Takes rights away from this process, for ever.
public enum Confinement {
    /// Confines this process; to be called once, while it has a single thread and before any foreign code is loaded.
    ///
    /// - Throws: ``SystemError`` when the kernel refuses; the plugin must then not be loaded.
    public static func apply(_ request: ConfinementRequest) throws(SystemError) {
        try ProcessRights.refuseNewPrivileges()
        try ProcessRights.refuseCoreDumps()
    }
}
