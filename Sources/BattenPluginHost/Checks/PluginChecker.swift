import BattenCore
import BattenSystem

/// Holds a plugin's file against the rules of the header, each check in a process of its own.
public struct PluginChecker: Sendable {
    private let path: String
    private let settings: HostSettings
    private let seed: UInt64

    /// Creates a checker.
    ///
    /// - Parameters:
    ///   - path: the plugin's file.
    ///   - seed: decides what inputs are made.
    public init(_ path: String, settings: HostSettings, seed: UInt64) {
        self.path = path
        self.settings = settings
        self.seed = seed
    }

    /// Carries out checks.
    ///
    /// - Parameters:
    ///   - checks: which ones, in order.
    ///   - report: is told each result as it comes.
    /// - Returns: all results.
    /// - Throws: ``PluginError`` when the file cannot be read, is no shared object or not named like a plugin, or when
    ///   there is no worker program.
    @discardableResult
    public func run(
        _ checks: [PluginCheck], report: (PluginCheckResult) -> Void = { _ in }
    ) throws(PluginError) -> [PluginCheckResult] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let id = PluginFolders.pluginID(ofFile: name), PluginFolders.isName(id) else {
            throw PluginError(
                .badDescriptor, "\(path) is not named like a plugin",
                help: "a plugin's file is libbatten-plugin-<id>.so, the id of lower case letters, digits and _")
        }
        let (image, bytes) = try PluginImage.read(path, isToBeRun: false)
        let worker = try WorkerExecutable.path(named: settings.workerPath)
        let folders = [settings.bundledFolder, FileSystem.parent(of: path)].map { folder in
            folder.flatMap { try? HostMachine.resolvedPath($0) }
        }
        let isBundled = folders[0] != nil && folders[0] == folders[1]
        let fixed = StaticPluginChecks(
            path: path, bytes: bytes, image: image,
            isBundled: isBundled)
        var described: Described?
        var results: [PluginCheckResult] = []
        for check in checks {
            let begun = MonotonicClock.now()
            func result(
                _ broken: [PluginCheckResult.Broken], _ notes: [String], _ skipped: String? = nil
            ) -> PluginCheckResult {
                PluginCheckResult(
                    check: check, broken: broken, notes: notes, skipped: skipped,
                    milliseconds: Int((MonotonicClock.now() - begun) / 1_000_000))
            }
            let made: PluginCheckResult
            if check.group == .static {
                let (broken, notes) = fixed.run(check.name)
                made = result(broken, notes)
            } else {
                let subject = described ?? describe(id, image)
                described = subject
                let (broken, notes, skipped) = self.dynamic(check, worker, subject)
                made = result(broken, notes, skipped)
            }
            report(made)
            results.append(made)
        }
        return results
    }

    /// What is known of the plugin before it is checked.
    private struct Described {
        /// What it says of itself; nil when it cannot be asked.
        var descriptor: PluginDescriptor?
        /// The paths that it declares to read, and may read while it is checked; there is nothing that it could change.
        var paths: [JSONValue] = []

        /// What it may reach while it is checked.
        ///
        /// - Parameter spool: where large blobs lie, if they are made in the plugin's process.
        func capabilities(spool: String? = nil) -> JSONValue {
            var reach: JSONObject = ["read": .array(paths)]
            if let spool { reach["write"] = .array([.string(spool)]) }
            return .object(["paths": .object(reach)])
        }
    }

    private func describe(_ id: String, _ image: PluginImage) -> Described {
        let file = PluginFile(id: id, path: path, isBundled: false)
        guard let descriptor = try? PluginProbe(workerPath: settings.workerPath).describe(file, image) else {
            return Described(descriptor: nil)
        }
        var paths: [JSONValue] = []
        for executor in descriptor.executors {
            paths += (executor.capabilities["paths"]?["read"]?.arrayValue ?? []).filter {
                $0.stringValue?.hasPrefix("/") == true
            }
        }
        return Described(descriptor: descriptor, paths: paths)
    }

    /// Where calls of the host that is checked for have their large blobs; nil as long as it has no folder for anything.
    private func spool() -> String? {
        guard let folder = settings.spoolFolder, let home = FileSystem.parent(of: folder), FileSystem.exists(home),
            (try? FileSystem.makeFolder(folder, mode: 0o700)) != nil
        else { return nil }
        return folder
    }

    private func dynamic(
        _ check: PluginCheck, _ worker: String, _ subject: Described
    ) -> (broken: [PluginCheckResult.Broken], notes: [String], skipped: String?) {
        var environment = ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"]
        let spool = check.comparesModes ? spool() : nil
        if check.comparesModes, let capabilities = try? PluginCapabilities(subject.capabilities()) {
            // What the workers that it is compared with have.
            environment = WorkerEnvironment.passed(for: capabilities)
        }
        let process = ShortProcess(
            worker,
            [
                "check", check.name, path, path, String(seed), JSONWriter.string(subject.capabilities(spool: spool)),
                spool ?? "",
            ], environment: environment, directory: "/", limit: 32 << 20)
        let result: ShortProcess.Result
        do throws(SystemError) {
            result = try process.run(within: check.patience)
        } catch {
            return ([], [], "the program for isolated plugins cannot be started: \(error.description)")
        }
        let words = String(decoding: result.errors.suffix(4_000), as: UTF8.self).split(separator: "\n").suffix(8)
        let trace = words.isEmpty ? "" : "; it wrote: \(words.joined(separator: " | "))"
        switch result.end {
        case .signalled(let signal):
            return ([.init(rule: .crash, message: "\(SignalName.text(signal)) ended its process\(trace)")], [], nil)
        case .timedOut:
            let seconds = check.patience.components.seconds
            return ([.init(rule: .hang, message: "the check did not end within \(seconds) s\(trace)")], [], nil)
        case .exited: break
        }
        let line = result.output.split(separator: 0x0a).last ?? []
        guard result.end == .exited(0), let document = try? JSONReader.parse(Array(line)),
            let broken = document["broken"]?.arrayValue
        else {
            return ([.init(rule: .crash, message: "it ended its process before the check was over\(trace)")], [], nil)
        }
        var found: [PluginCheckResult.Broken] = []
        for entry in broken {
            let rule = entry["rule"]?.stringValue.flatMap(PluginRule.init(rawValue:)) ?? .services
            let message = entry["message"]?.stringValue ?? ""
            found.append(.init(rule: rule, message: rule == .stop ? message + trace : message))
        }
        if check.comparesModes, let descriptor = subject.descriptor {
            found += ModeComparison(
                descriptor, path: path, workerPath: worker, capabilities: subject.capabilities(), spool: spool
            ).differences(document["calls"]?.arrayValue ?? [])
        }
        return (
            found, (document["notes"]?.arrayValue ?? []).compactMap(\.stringValue),
            document["skipped"]?.stringValue
        )
    }
}
