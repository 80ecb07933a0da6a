import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

/// Runs the program that confines itself and then tries things.
struct Trial {
    /// Error numbers by their usual names.
    enum Answer: Int32 {
        case done = 0
        case notPermitted = 1
        case again = 11
        case noMemory = 12
        case denied = 13
        case tooManyFiles = 24
        case noSuchCall = 38
    }

    let scratch: String
    let kernel = KernelConfinement.current()

    init() throws {
        // Resolved, because rules are for what a path names.
        scratch = try HostMachine.resolvedPath(FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-confine-"))
    }

    /// Tries things in a confined process.
    ///
    /// - Parameters:
    ///   - attempts: `name:argument` as the program knows them.
    ///   - settings: limits, groups and requirement as data.
    /// - Returns: a line for each attempt (`name:argument number`) and note, and how the process ended.
    func run(
        _ capabilities: JSONValue, _ attempts: [String], settings: JSONValue = [:], environment: [String: String] = [:]
    ) throws -> (lines: [String], end: ShortProcess.End) {
        let folder = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."
        let result = try ShortProcess(
            "\(folder)/confinement-trial",
            ["\(folder)/libfixture-noop.so", JSONWriter.string(capabilities), JSONWriter.string(settings)] + attempts,
            environment: environment
        ).run(within: .seconds(60))
        let text = String(decoding: result.output + result.errors, as: UTF8.self)
        return (text.split(separator: "\n").map(String.init), result.end)
    }

    /// Holds a table of attempts against what they answer.
    func expect(
        _ capabilities: JSONValue, settings: JSONValue = [:], environment: [String: String] = [:],
        _ table: [(attempt: String, answer: Answer)],
        location: SourceLocation = #_sourceLocation
    ) throws {
        let (lines, end) = try run(capabilities, table.map(\.attempt), settings: settings, environment: environment)
        #expect(lines == table.map { "\($0.attempt) \($0.answer.rawValue)" }, sourceLocation: location)
        #expect(end == .exited(0), sourceLocation: location)
    }

    /// Leaves a test out, with the reason, where the kernel has not what it is about.
    func needs(landlock: Int = 0, filter: Bool = false) throws {
        if kernel.landlock < landlock {
            try Test.cancel("needs Landlock \(landlock), this kernel has \(kernel.landlock)")
        }
        if filter, !kernel.filtersCalls { try Test.cancel("this kernel has no seccomp") }
    }
}
