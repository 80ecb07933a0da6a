import BattenCore
import BattenSystem

/// Asks a plugin what it is, in a process that has given up its rights before the plugin's code is loaded.
struct PluginProbe: Sendable {
    /// The worker program, when it was named.
    let workerPath: String?
    /// How long a plugin may take to say what it is.
    var patience = Duration.seconds(30)

    /// Loads an image in a confined process and reads what the plugin says of itself.
    ///
    /// - Throws: ``PluginError``: the plugin's own refusal, or how the process ended instead of answering.
    func describe(_ file: PluginFile, _ image: PluginImage) throws(PluginError) -> PluginDescriptor {
        let worker = try WorkerExecutable.path(named: workerPath)
        let process = ShortProcess(
            worker, ["probe", file.path, "/proc/self/fd/3"],
            environment: ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"],
            directory: "/", inherited: [image.descriptor])
        let result: ShortProcess.Result
        do throws(SystemError) {
            result = try process.run(within: patience)
        } catch {
            throw PluginError(
                .noWorker, "the program for isolated plugins cannot be started", help: "check the file \(worker)",
                cause: error.description)
        }
        // A plugin may have written something itself: the answer is the last line.
        let line = result.output.split(separator: 0x0a).last ?? []
        guard result.end == .exited(0), !result.isCut, let document = try? JSONReader.parse(Array(line)) else {
            throw refusal(file, result, Array(line))
        }
        return try DescriptorDocument.decode(document, path: file.path, expectedID: file.id)
    }

    private func refusal(_ file: PluginFile, _ result: ShortProcess.Result, _ line: [UInt8]) -> PluginError {
        if result.end == .exited(WorkerProgram.failure), let error = try? JSONReader.parse(line)["error"],
            let code = error["code"]?.stringValue.flatMap(PluginError.Code.init(rawValue:)),
            let message = error["message"]?.stringValue
        {
            return PluginError(code, message, help: error["help"]?.stringValue ?? "")
        }
        let how: String =
            switch result.end {
            case .exited(let status): "ended with status \(status) instead of an answer"
            case .signalled(let signal): "was ended by signal \(signal) (\(SignalName.text(signal)))"
            case .timedOut: "did not answer within \(patience.components.seconds) s"
            }
        let words = String(decoding: result.errors.suffix(2_000), as: UTF8.self).split(separator: "\n").suffix(5)
        return PluginError(
            .probeFailed, "the plugin \(file.path), asked in a confined process what it is, \(how)",
            help: "this is the plugin's error: `batten plugin check \(file.path)` tells more",
            cause: words.joined(separator: " | "))
    }
}
