import BattenSystem

/// Finds the program that isolated plugins run in.
enum WorkerExecutable {
    /// Name of the program's file.
    static let name = "batten-worker"

    /// The path of the program: the one that was named, or else `batten-worker` beside the running executable, or else
    /// in `../lib/batten` of an installation.
    static func path(named: String?) throws(PluginError) -> String {
        if let named { return named }
        let folder = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "/"
        let places = ["\(folder)/\(name)", "\(FileSystem.parent(of: folder) ?? "")/lib/batten/\(name)"]
        for place in places where FileSystem.exists(place) { return place }
        throw PluginError(
            .noWorker, "the program \(name) for isolated plugins is neither at \(places.joined(separator: " nor at "))",
            help: "install it beside the program that runs workflows")
    }
}
