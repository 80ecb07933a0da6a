import BattenCore

/// The executors as a run needs them that was accepted before: one whose plugin is missing now is taken as it was asked
/// for, and its stage waits for the plugin.
struct PatientCatalog: ExecutorCatalog {
    private let catalog: any ExecutorCatalog

    init(_ catalog: any ExecutorCatalog) {
        self.catalog = catalog
    }

    func executor(_ type: String) -> ExecutorLookup {
        switch catalog.executor(type) {
        case .found(let info): .found(info)
        case .unknownPlugin, .unknownExecutor, .refused:
            .found(
                ExecutorInfo(
                    type: type, pluginVersion: "", summary: "", input: .anything, output: .anything,
                    inputSchema: .bool(true), outputSchema: .bool(true), isIdempotent: false, isPure: false,
                    isCancellable: false, isAsynchronous: true, capabilities: .object([:])))
        }
    }

    func knownTypes() -> [String] { catalog.knownTypes() }
}
