import BattenSystem

/// Archives of plugins, which `tar` unpacks.
enum PluginArchive {
    private static let endings = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2"]

    /// Whether a file is taken for an archive, by its name.
    static func isArchive(_ path: String) -> Bool {
        endings.contains { path.hasSuffix($0) }
    }

    /// Unpacks an archive into a folder of its own for as long as the body runs.
    ///
    /// - Throws: ``PluginError`` when it cannot be unpacked.
    static func unpacked<Value>(
        _ path: String, _ body: (String) throws(PluginError) -> Value
    ) throws(PluginError) -> Value {
        let folder: String
        do throws(SystemError) {
            let base = ProcessEnvironment.variable("TMPDIR") ?? "/tmp"
            folder = try FileSystem.makeTemporaryFolder(prefix: "\(base)/batten-plugin-")
        } catch {
            throw PluginError(
                .notInstalled, "there is no folder to unpack \(path) in", help: "set TMPDIR", cause: error.description)
        }
        defer { _ = try? FileSystem.removeTree(folder) }
        do throws(SystemError) {
            let unpack = ShortProcess(
                "/usr/bin/env",
                [
                    "tar", "--extract", "--no-same-owner", "--no-same-permissions", "--file", path, "--directory",
                    folder,
                ],
                environment: ["PATH": ProcessEnvironment.variable("PATH") ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
            let result = try unpack.run(within: .seconds(120))
            guard result.end == .exited(0) else {
                let words = String(decoding: result.errors.prefix(500), as: UTF8.self).split(separator: "\n")
                throw SystemError("tar", message: words.first.map(String.init) ?? "it failed without a word")
            }
        } catch {
            throw PluginError(
                .notInstalled, "the archive \(path) cannot be unpacked", help: "unpack it, and install from its folder",
                cause: error.description)
        }
        return try body(folder)
    }
}
