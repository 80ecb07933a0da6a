import BattenCore
import BattenPluginHost
import BattenStore
import BattenSystem

/// `batten doctor`.
enum DoctorCommand {
    static let description = CommandDescription(
        "doctor", .operating, "look at this installation and machine, and tell what is missing",
        details: ["The exit code is 1 when something must be mended."],
        examples: [CommandExample("batten doctor", "checks folders, store, plugins, kernel and limits")],
        exits: [.runFailed],
        body: { context, invocation throws(CommandFailure) in
            let findings = try examine(context)
            if invocation.format.isData {
                let items = findings.map { finding -> JSONValue in
                    .object([
                        "check": .string(finding.check), "status": .string(finding.status.rawValue),
                        "message": .string(finding.message), "help": .string(finding.help),
                    ])
                }
                context.console.data(.object(["items": .array(items), "next_cursor": .null]), invocation.format)
            } else {
                for finding in findings { show(finding, context.console) }
            }
            return findings.contains { $0.status == .bad } ? .runFailed : .done
        })

    /// What was found about one thing.
    struct Finding {
        enum Status: String {
            case good, note, bad
        }
        let check: String
        let status: Status
        let message: String
        var help = ""
    }

    private static func show(_ finding: Finding, _ console: Console) {
        let profile = console.output
        let (sign, tone): (String, Tone) =
            switch finding.status {
            case .good: ("✓ ok  ", .green)
            case .note: ("! note", .yellow)
            case .bad: ("✗ bad ", .red)
            }
        console.line("\(profile.paint(sign, tone)) \(finding.check): \(TextFit.clean(finding.message))")
        if !finding.help.isEmpty { console.line("         \(TextFit.clean(finding.help))") }
    }

    private static func examine(_ context: CommandContext) throws(CommandFailure) -> [Finding] {
        var findings = [Finding(check: "version", status: .good, message: "batten \(BattenProgram.version)")]
        findings.append(Finding(check: "kernel", status: .good, message: HostMachine.kernel()))
        findings.append(
            HostMachine.hasProcessDescriptors()
                ? Finding(check: "pidfd", status: .good, message: "processes can be watched without polling")
                : Finding(
                    check: "pidfd", status: .bad, message: "the kernel has no pidfd_open",
                    help: "shell stages need Linux 5.3 or newer"))
        findings.append(files())
        findings += isolation()
        findings.append(try home(context))
        findings.append(try store(context))
        findings.append(try prices(context))
        findings += try plugins(context)
        return findings
    }

    private static func files() -> Finding {
        guard let limit = try? HostMachine.openFileLimit() else {
            return Finding(check: "open files", status: .note, message: "the limit cannot be read")
        }
        let message = "at most \(limit.hard)"
        guard limit.hard < 12_000 else { return Finding(check: "open files", status: .good, message: message) }
        return Finding(
            check: "open files", status: .note, message: message,
            help: "10,000 requests at once need about 12,000: raise the hard limit (ulimit -Hn)")
    }

    private static func home(_ context: CommandContext) throws(CommandFailure) -> Finding {
        let home = try context.settings().home
        var existing = home
        while !FileSystem.exists(existing), let parent = FileSystem.parent(of: existing) { existing = parent }
        guard FileSystem.isWritable(existing) else {
            return Finding(
                check: "state", status: .bad, message: "\(existing) cannot be written",
                help: "choose another folder with --home or BATTEN_HOME")
        }
        let free = (try? HostMachine.freeBytes(at: existing)).map { Int64(clamping: $0) } ?? 0
        let message = "\(home), \(ByteSize.format(free)) free"
        guard free >= 100 << 20 else {
            return Finding(check: "state", status: .bad, message: message, help: "make room: runs need the disk")
        }
        return Finding(check: "state", status: .good, message: message)
    }

    private static func store(_ context: CommandContext) throws(CommandFailure) -> Finding {
        let folder = try context.stateFolder()
        guard folder.hasStore else {
            return Finding(check: "store", status: .good, message: "none yet; the first run makes one")
        }
        do throws(StoreError) {
            let info = try StoreAdministration(folder).info()
            let living = try EngineFolder.living(in: folder).count
            return Finding(
                check: "store", status: .good,
                message: "schema \(info.schemaVersion), \(ByteSize.format(info.databaseBytes)), "
                    + "\(living) \(living == 1 ? "engine" : "engines") at work")
        } catch {
            return Finding(check: "store", status: .bad, message: error.message, help: error.help)
        }
    }

    private static func prices(_ context: CommandContext) throws(CommandFailure) -> Finding {
        let path = PriceFiles.path(settings: try context.settings(), executable: ProcessEnvironment.executablePath)
        guard let path else {
            return Finding(
                check: "prices", status: .note, message: "there is no file of prices: what models cost is not known",
                help: "docs/prices.md tells where one comes from")
        }
        do throws(CommandFailure) {
            let count = try PriceFiles.read(path).count
            return Finding(
                check: "prices", status: .good, message: "of \(count) \(count == 1 ? "model" : "models") in \(path)")
        } catch {
            return Finding(check: "prices", status: .bad, message: error.message, help: error.help)
        }
    }

    private static func plugins(_ context: CommandContext) throws(CommandFailure) -> [Finding] {
        let host = try context.host()
        let (listings, problems) = host.listing()
        var findings = problems.map { Finding(check: "plugins", status: .note, message: $0) }
        if listings.isEmpty {
            findings.append(
                Finding(
                    check: "plugins", status: .bad, message: "none were found",
                    help: "`batten config` shows the folders that are searched"))
        }
        for listing in listings {
            switch note(listing, host) {
            case .success(let plugin) where !plugin.trust.mayRun:
                findings.append(
                    Finding(
                        check: "plugin \(listing.id)", status: .note,
                        message: "\(plugin.version) at \(listing.path) does not run: it was not accepted as it is",
                        help: "batten plugin trust \(plugin.id)@\(plugin.version)"))
            case .success(let plugin):
                let about = "\(plugin.version), \(plugin.executors.count) executors, ABI 1.\(plugin.abiMinor)"
                do {
                    let mode = try host.mode(of: plugin)
                    findings.append(
                        Finding(
                            check: "plugin \(listing.id)", status: .good, message: "\(about), calls run \(mode.words)"))
                } catch {
                    findings.append(
                        Finding(
                            check: "plugin \(listing.id)", status: .bad, message: "\(about): \(error.message)",
                            help: error.help))
                }
            case .failure(let error):
                findings.append(
                    Finding(
                        check: "plugin \(listing.id)", status: listing.isBundled ? .bad : .note, message: error.message,
                        help: error.help))
            case nil:
                findings.append(
                    Finding(
                        check: "plugin \(listing.id)", status: .note,
                        message: "\(listing.path) is not known before its first use"))
            }
        }
        return findings
    }

    /// What is known of a plugin; nothing runs of one that did not come with Batten.
    private static func note(
        _ listing: PluginListing, _ host: PluginHost
    ) -> Result<PluginInformation, PluginError>? {
        if listing.isBundled { return host.information(of: listing.id) }
        do throws(PluginError) {
            return try host.note(on: listing).map { .success($0) }
        } catch {
            return .failure(error)
        }
    }
}
