import BattenSystem

/// Finds the folder of the plugins that came with the program.
enum BundledFolder {
    /// `lib/batten/plugins` of an installation, or the program's own folder where it was built.
    static func plugins(executable: String) -> String {
        let folder = FileSystem.parent(of: executable) ?? "/"
        let installed = PathText.join(FileSystem.parent(of: folder) ?? "/", "lib/batten/plugins")
        return FileSystem.exists(installed) ? installed : folder
    }
}
