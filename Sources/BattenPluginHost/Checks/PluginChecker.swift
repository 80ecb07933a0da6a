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
        var capabilities: String?
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
                if capabilities == nil { capabilities = readable(id, image) }
                let (broken, notes, skipped) = self.dynamic(check, worker, capabilities ?? "{}")
                made = result(broken, notes, skipped)
            }
            report(made)
            results.append(made)
        }
        return results
    }

    /// What the plugin may reach while it is checked: the paths that it declares to read, and nothing it could change.
    private func readable(_ id: String, _ image: PluginImage) -> String {
        let file = PluginFile(id: id, path: path, isBundled: false)
        guard let descriptor = try? PluginProbe(workerPath: settings.workerPath).describe(file, image) else {
            return "{}"
        }
        var paths: [JSONValue] = []
        for executor in descriptor.executors {
            paths += (executor.capabilities["paths"]?["read"]?.arrayValue ?? []).filter {
                $0.stringValue?.hasPrefix("/") == true
            }
        }
        return JSONWriter.string(.object(["paths": .object(["read": .array(paths)])]))
    }

    private func dynamic(
        _ check: PluginCheck, _ worker: String, _ capabilities: String
    ) -> (broken: [PluginCheckResult.Broken], notes: [String], skipped: String?) {
        let process = ShortProcess(
            worker, ["check", check.name, path, path, String(seed), capabilities],
            environment: ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"],
            directory: "/", limit: 1 << 20)
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
        return (
            found, (document["notes"]?.arrayValue ?? []).compactMap(\.stringValue),
            document["skipped"]?.stringValue
        )
    }
}
