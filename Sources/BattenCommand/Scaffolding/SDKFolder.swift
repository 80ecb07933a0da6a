import BattenSystem

/// Finds the SDKs: headers, libraries and templates, a folder for each language.
enum SDKFolder {
    /// `share/batten/sdk` of an installation, or `sdk` of the sources that the program was built in; nil without either.
    static func path(executable: String) -> String? {
        var folder = FileSystem.parent(of: executable)
        var isFirst = true
        while let here = folder {
            let above = FileSystem.parent(of: here) ?? "/"
            for place in [isFirst ? PathText.join(above, "share/batten/sdk") : "", PathText.join(here, "sdk")]
            where !place.isEmpty && FileSystem.exists(PathText.join(place, "c/include/batten/plugin.h")) {
                return place
            }
            isFirst = false
            folder = here == "/" ? nil : FileSystem.parent(of: here)
        }
        return nil
    }
}
