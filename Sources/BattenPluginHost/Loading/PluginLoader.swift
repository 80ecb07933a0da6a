import BattenSystem
import CBattenABI

/// Loads a plugin's shared object and reads what it says of itself.
enum PluginLoader {
    /// Checks, loads and asks one file, nothing of which runs before its header was found in order.
    ///
    /// - Parameters:
    ///   - file: the file as it is named in messages.
    ///   - copy: where the bytes are that are loaded; nil is the file itself.
    /// - Throws: ``PluginError`` with the reason for the refusal; the file may stay loaded, unused.
    static func load(_ file: PluginFile, from copy: String? = nil) throws(PluginError) -> PluginDescriptor {
        guard PluginFolders.isName(file.id) else {
            throw PluginError(
                .badDescriptor,
                "\(file.path) names no plugin: \"\(file.id)\" is not made of lower case letters, digits and _",
                help: "rename the file to libbatten-plugin-<id>.so")
        }
        try SharedObjectHeader.check(copy ?? file.path)
        let library: DynamicLibrary
        do throws(SystemError) {
            library = try DynamicLibrary(path: copy ?? file.path)
        } catch {
            throw PluginError(
                .loadFailed, "the system's loader refuses the plugin \(file.path)",
                help: "install the library it misses, or build the plugin on this system", cause: error.message)
        }
        guard let symbol = unsafe library.symbol(BATTEN_PLUGIN_ENTRY_NAME) else { throw noEntry(file, library) }
        typealias Entry = @convention(c) (UnsafePointer<batten_hello>) -> UnsafePointer<batten_plugin>?
        let entry = unsafe unsafeBitCast(symbol, to: Entry.self)
        var hello = batten_hello()
        hello.struct_size = UInt32(MemoryLayout<batten_hello>.size)
        hello.abi_major = UInt16(BATTEN_ABI_MAJOR)
        hello.abi_minor = UInt16(BATTEN_ABI_MINOR)
        guard let descriptor = unsafe entry(&hello) else {
            throw PluginError(
                .refusedHost, "the plugin \(file.path) does not want this host (ABI 1.\(BATTEN_ABI_MINOR))",
                help: "use a newer Batten, or another version of the plugin")
        }
        return unsafe try DescriptorReader(path: file.path, expectedID: file.id).read(descriptor)
    }

    private static func noEntry(_ file: PluginFile, _ library: DynamicLibrary) -> PluginError {
        for major in 2...9 where unsafe library.symbol("batten_plugin_entry_v\(major)") != nil {
            return PluginError(
                .otherMajor, "the plugin \(file.path) speaks ABI \(major), this host speaks ABI 1",
                help: "use a Batten that speaks ABI \(major), or an older version of the plugin")
        }
        return PluginError(
            .noEntry, "\(file.path) is no Batten plugin: it does not export \(BATTEN_PLUGIN_ENTRY_NAME)",
            help: "export that function (see docs/plugin-abi.md), or take the file out of the plugin folder")
    }
}
