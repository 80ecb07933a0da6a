import BattenSystem

/// Finds the folder of the plugins that came with the program.
enum BundledFolder {
    /// `lib/batten/plugins` of an installation, or the program's own folder where it was built.
    static func plugins(executable: String) -> String {
        let folder = FileSystem.parent(of: executable) ?? "/"
        let installed = PathText.join(FileSystem.parent(of: folder) ?? "/", "lib/batten/plugins")
        return FileSystem.exists(installed) ? installed : folder
    }

    /// The prices of models that came with the program: `share/batten/prices.json` of an installation, or the llm
    /// plugin's file in the sources that the program was built in; nil without either.
    static func prices(executable: String) -> String? {
        guard let sdk = SDKFolder.path(executable: executable), let folder = FileSystem.parent(of: sdk) else {
            return nil
        }
        return ["prices.json", "Plugins/llm/prices.json"].map { PathText.join(folder, $0) }
            .first { FileSystem.exists($0) }
    }
}
