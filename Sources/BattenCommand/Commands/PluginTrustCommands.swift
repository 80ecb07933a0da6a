import BattenCore
import BattenPluginHost
import BattenSystem

/// `batten plugin install SOURCE`.
enum PluginInstallCommand {
    static let description = CommandDescription(
        "plugin install", .plugins, "copy a plugin into the plugin folder and accept it",
        details: [
            "The plugin is asked what it is in a confined process, its capabilities are shown, and you are asked. Its hash "
                + "and what you granted are kept in plugins.lock; a file with another hash does not run until it is "
                + "accepted with 'batten plugin trust'."
        ],
        arguments: [
            ArgumentDescription(
                "SOURCE", .required, .file, "a file libbatten-plugin-<id>.so, a folder with one, or a tar archive of it"
            )
        ],
        options: [.flag("yes", short: "y", "install without asking")],
        examples: [
            CommandExample("batten plugin install ./libbatten-plugin-hello.so", "shows what it asks for, then asks"),
            CommandExample("batten plugin install hello-1.2.0.tar.gz --yes", "installs from an archive without asking"),
        ],
        exits: [.plugin],
        body: { context, invocation throws(CommandFailure) in
            let installer = try context.installer()
            let source = context.absolute(invocation.argument("SOURCE") ?? "")
            return try asFailure { () throws(PluginError) -> PluginOffer in
                try installer.examine(source)
            }.decided(context, "install", "installed") { offer throws(PluginError) in
                try installer.install(offer, at: context.now.rfc3339)
            }
        })
}

/// `batten plugin trust ID`.
enum PluginTrustCommand {
    static let description = CommandDescription(
        "plugin trust", .plugins, "accept the file of a plugin as it is now",
        details: [
            "For a plugin whose file has changed since it was accepted, or that was put into the plugin folder by hand. What "
                + "it asks for is shown, and you are asked."
        ],
        arguments: [ArgumentDescription("PLUGIN", .required, "a plugin (hello), or one version of it (hello@1.2.0)")],
        options: [.flag("yes", short: "y", "accept without asking")],
        examples: [CommandExample("batten plugin trust hello", "accepts the file that is there now")],
        exits: [.notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in
            let installer = try context.installer()
            let listing = try PluginName(invocation.argument("PLUGIN") ?? "").only(in: context)
            guard !listing.isBundled else {
                throw .usage("bundled_plugin", "the plugin '\(listing.id)' is a part of Batten", help: "nothing to do")
            }
            return try asFailure { () throws(PluginError) -> PluginOffer in
                try installer.examine(listing)
            }.decided(context, "accept", "accepted") { offer throws(PluginError) in
                try installer.accept(offer, at: context.now.rfc3339)
                return listing.path
            }
        })
}

/// `batten plugin remove ID`.
enum PluginRemoveCommand {
    static let description = CommandDescription(
        "plugin remove", .plugins, "take an installed plugin away",
        arguments: [ArgumentDescription("PLUGIN", .required, "a plugin (hello), or one version of it (hello@1.2.0)")],
        options: [.flag("all", "remove all versions")],
        examples: [
            CommandExample("batten plugin remove hello", "removes the one version that is there"),
            CommandExample("batten plugin remove hello@1.2.0", "removes that version"),
        ],
        exits: [.notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in
            let installer = try context.installer()
            let name = PluginName(invocation.argument("PLUGIN") ?? "")
            let listings = invocation.has("all") ? try name.found(in: context) : [try name.only(in: context)]
            let host = try context.host()
            var removed: [JSONValue] = []
            for listing in listings {
                // A bare file's version is known only from what is written beside it.
                let version = listing.folderVersion ?? (try? host.note(on: listing))?.version
                try asFailure { () throws(PluginError) in try installer.remove(listing, version: version) }
                let words = [listing.id, version ?? ""].joined(" ")
                if !invocation.format.isData { context.console.line("removed \(words) from \(listing.path)") }
                removed.append(
                    .object([
                        "id": .string(listing.id), "version": version.map { .string($0) } ?? .null,
                        "path": .string(listing.path),
                    ]))
            }
            if invocation.format.isData {
                context.console.data(.object(["items": .array(removed), "next_cursor": .null]), invocation.format)
            }
            return .done
        })
}

/// A plugin as it is named on the command line: `hello` or `hello@1.2.0`.
struct PluginName {
    let id: String
    let version: String?

    init(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        id = parts[0]
        version = parts.count > 1 ? parts[1] : nil
    }

    /// The files of that name; at least one.
    func found(in context: CommandContext) throws(CommandFailure) -> [PluginListing] {
        let host = try context.host()
        let plugins = host.listing().plugins
        let named = plugins.filter { $0.id == id }
        guard !named.isEmpty else {
            throw .notFound(
                "unknown_plugin", "there is no plugin '\(id)'",
                help: [DidYouMean.help(for: id, in: plugins.map(\.id)), "`batten plugin list` shows what is there"]
                    .joined(" "))
        }
        guard let version else { return named }
        let fitting = named.filter { listing in
            (listing.folderVersion ?? (try? host.note(on: listing))?.version).map { $0 == version } ?? true
        }
        guard !fitting.isEmpty else {
            let there = named.compactMap(\.folderVersion).joined(separator: ", ")
            throw .notFound(
                "unknown_plugin", "there is no version \(version) of the plugin '\(id)'", help: "there is \(there)")
        }
        return fitting
    }

    /// The one file of that name.
    func only(in context: CommandContext) throws(CommandFailure) -> PluginListing {
        let found = try found(in: context)
        guard found.count == 1 else {
            let names = found.map { $0.folderVersion.map { "\(id)@\($0)" } ?? $0.path }
            throw .usage(
                "ambiguous_plugin",
                "there are \(found.count) files of the plugin '\(id)': \(names.joined(separator: ", "))",
                help: "name the version: \(id)@VERSION")
        }
        return found[0]
    }
}

extension CommandContext {
    /// What installs plugins.
    func installer() throws(CommandFailure) -> PluginInstaller {
        let settings = try host().settings
        return try asFailure { () throws(PluginError) in try PluginInstaller(settings) }
    }
}

/// Runs a body whose errors are those of the plugin host.
func asFailure<Value>(_ body: () throws(PluginError) -> Value) throws(CommandFailure) -> Value {
    do throws(PluginError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}

extension CommandFailure {
    /// An error of the plugin host.
    init(_ error: PluginError) {
        let cause = error.cause.isEmpty ? "" : ": \(TextFit.clean(error.cause))"
        self.init(error.code.rawValue, error.message + cause, help: error.help, exit: .plugin)
    }
}

extension PluginOffer {
    /// Shows the plugin, asks, and does what was decided.
    ///
    /// - Parameters:
    ///   - verb: what is asked, `install`.
    ///   - done: what was done, `installed`.
    ///   - body: does it, and gives the path of the plugin's file.
    func decided(
        _ context: CommandContext, _ verb: String, _ done: String, _ body: (PluginOffer) throws(PluginError) -> String
    ) throws(CommandFailure) -> ExitCode {
        let (console, invocation) = (context.console, context.invocation)
        if !invocation.format.isData || !invocation.has("yes") {
            console.note(text(console.errors).joined(separator: "\n"))
        }
        if !invocation.has("yes") {
            guard StandardStream.input.isTerminal else {
                throw .usage(
                    "not_confirmed", "nobody is there to ask whether to \(verb) the plugin '\(plugin.id)'",
                    help: "look at what it asks for and give --yes")
            }
            console.flush()
            console.rawErrors("\(verb) it? [y/N] ")
            let answer = (readLine() ?? "").lowercased()
            guard answer == "y" || answer == "yes" else {
                console.alert("nothing was changed")
                return .runFailed
            }
        }
        let path = try asFailure { () throws(PluginError) in try body(self) }
        context.wakeEngines()
        if invocation.format.isData {
            console.data(
                .object([
                    "id": .string(plugin.id), "version": .string(plugin.version), "path": .string(path),
                    "sha256": .string(sha256), "capabilities": .object(plugin.granted),
                    "signed_by": signedBy.map { .string($0) } ?? .null,
                ]), invocation.format)
        } else {
            console.line("\(done) \(plugin.id) \(plugin.version): \(path)")
        }
        return .done
    }

    private func text(_ profile: TextProfile) -> [String] {
        let summary = plugin.summary.isEmpty ? plugin.title : plugin.summary
        var lines = [
            profile.paint("\(plugin.id) \(plugin.version)", .bold)
                + (summary.isEmpty ? "" : ": \(TextFit.clean(summary))")
        ]
        lines.append("  file       \(TextFit.clean(source)), \(ByteSize.format(Int64(bytes)))")
        lines.append("  sha256     \(sha256)")
        lines.append("  signature  \(signedBy.map { "valid, by \($0)" } ?? "none that was checked")")
        switch accepted {
        case let entry? where entry.sha256 == sha256:
            lines.append("  before     the same file, accepted \(entry.acceptedAt)")
        case let entry?:
            lines.append("  before     another file of this version, accepted \(entry.acceptedAt): \(entry.sha256)")
            for executor in plugin.executors {
                let then = entry.capabilities[executor.type] ?? .object([:])
                guard then != executor.capabilities else { continue }
                lines.append("             \(executor.type) asked for \(CapabilityText.line(then))")
            }
        case nil: break
        }
        lines.append("  asks for")
        let width = plugin.executors.map(\.type.count).max() ?? 0
        for executor in plugin.executors {
            lines.append(
                "    \(TextFit.pad(executor.type, to: width))  \(CapabilityText.line(executor.capabilities))")
        }
        return lines
    }
}
