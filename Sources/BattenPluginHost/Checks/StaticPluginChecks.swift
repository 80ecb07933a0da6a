import BattenCore
import BattenSystem
import CBattenABI

/// What a plugin's file says without being loaded.
struct StaticPluginChecks {
    let path: String
    let bytes: [UInt8]
    let image: PluginImage
    /// Whether it came with Batten, which loads such plugins from their folder.
    let isBundled: Bool
    private let file: ElfFile?

    init(path: String, bytes: [UInt8], image: PluginImage, isBundled: Bool) {
        self.path = path
        self.isBundled = isBundled
        self.bytes = bytes
        self.image = image
        file = ElfFile(bytes)
    }

    /// The rules that a check finds broken, and what else is worth knowing.
    func run(_ name: String) -> (broken: [PluginCheckResult.Broken], notes: [String]) {
        guard let file else {
            return name == "file"
                ? ([.init(rule: .file, message: "its tables point outside of the file")], []) : ([], ["not readable"])
        }
        switch name {
        case "exports": return exports(file)
        case "nodelete":
            // DF_1_NODELETE of DT_FLAGS_1.
            let flags = file.entry(0x6fff_fffb) ?? 0
            return broken(flags & 8 == 0, .nodelete, "it is linked without -z nodelete: add -Wl,-z,nodelete")
        case "runpath":
            let bad = file.searchPaths.filter {
                !$0.hasPrefix("/") && !$0.hasPrefix("$ORIGIN") && !$0.hasPrefix("${ORIGIN}")
            }
            return broken(
                !bad.isEmpty, .runpath, "it looks for libraries in \(bad.map { "\"\($0)\"" }.joined(separator: ", "))")
        case "stack":
            let stack = file.segments.first { $0.kind == ElfFile.stack }
            return broken(
                stack.map { $0.flags & 1 != 0 } ?? true, .stack,
                "it asks for an executable stack: assembly files need a .note.GNU-stack section")
        case "textrel":
            let has = file.entry(22) != nil || (file.entry(30) ?? 0) & 4 != 0
            return broken(has, .textrel, "it has relocations in its code: build it with -fPIC")
        case "glibc": return libc(file)
        case "sidecar": return sidecar()
        case "libraries": return libraries(file)
        default: return ([], [])
        }
    }

    /// A plugin is loaded from a sealed copy, so what lies beside it is not found.
    private func libraries(_ file: ElfFile) -> (broken: [PluginCheckResult.Broken], notes: [String]) {
        let needed = file.needed
        let fixed = file.searchPaths.filter { $0.hasPrefix("/") }
        let triple = "\(HostMachine.kernel().split(separator: " ").last ?? "x86_64")-linux-gnu"
        let folders =
            fixed + ["/lib", "/usr/lib", "/usr/local/lib"].flatMap { ["\($0)/\(triple)", $0] } + [
                "/lib64", "/usr/lib64",
            ]
        let own = FileSystem.parent(of: path) ?? "."
        let beside = needed.filter { name in
            !folders.contains { FileSystem.exists("\($0)/\(name)") } && FileSystem.exists("\(own)/\(name)")
        }
        return (
            beside.isEmpty || isBundled
                ? []
                : [
                    .init(
                        rule: .libraries,
                        message: "\(beside.joined(separator: ", ")) is found only beside it, where nobody looks once "
                            + "the plugin is loaded from its sealed copy: link it in")
                ], ["needs \(needed.joined(separator: ", "))"]
        )
    }

    private func broken(
        _ isBroken: Bool, _ rule: PluginRule, _ message: String
    ) -> (broken: [PluginCheckResult.Broken], notes: [String]) {
        (isBroken ? [.init(rule: rule, message: message)] : [], [])
    }

    private func exports(_ file: ElfFile) -> (broken: [PluginCheckResult.Broken], notes: [String]) {
        guard let names = file.exports else {
            return ([.init(rule: .exports, message: "its table of symbols cannot be read")], [])
        }
        // What the linker itself makes.
        let linkers: Set<String> = ["_init", "_fini", "_edata", "_end", "__bss_start"]
        let others = names.filter { $0 != BATTEN_PLUGIN_ENTRY_NAME && !linkers.contains($0) }
        guard names.contains(BATTEN_PLUGIN_ENTRY_NAME) else {
            return ([.init(rule: .exports, message: "it does not export \(BATTEN_PLUGIN_ENTRY_NAME)")], [])
        }
        let shown = others.prefix(3).joined(separator: ", ")
        return broken(
            !others.isEmpty, .exports,
            "it exports \(others.count) other symbols, such as \(shown): build it with -fvisibility=hidden or a "
                + "version script")
    }

    private func libc(_ file: ElfFile) -> (broken: [PluginCheckResult.Broken], notes: [String]) {
        let needed = file.neededVersions.filter { $0.hasPrefix("GLIBC_") }
            .compactMap { SemanticVersion(String($0.dropFirst(6))) }.max()
        guard let needed else { return ([], []) }
        let text = "\(needed.major).\(needed.minor)"
        guard let own = SemanticVersion(HostMachine.cLibraryVersion) else { return ([], ["needs glibc \(text)"]) }
        if needed > own {
            return broken(
                true, .glibc,
                "it needs glibc \(text), this machine has \(HostMachine.cLibraryVersion): build it on an older system")
        }
        return ([], ["needs glibc \(text) or newer"])
    }

    private func sidecar() -> (broken: [PluginCheckResult.Broken], notes: [String]) {
        let folder = FileSystem.parent(of: path) ?? "."
        let base = path.split(separator: "/").last.map { String($0.dropLast(3)) } ?? ""
        for file in ["\(folder)/plugin.json", "\(folder)/\(base).json"] where FileSystem.exists(file) {
            guard let document = (try? FileSystem.read(file)).flatMap({ try? JSONReader.parse($0) }),
                let hash = document["sha256"]?.stringValue
            else { continue }
            return broken(
                hash != image.sha256, .sidecar,
                "\(file) describes a file with the hash \(hash.prefix(16))…, this one has \(image.sha256.prefix(16))…")
        }
        return ([], ["there is no description beside it; the first use writes one"])
    }
}
