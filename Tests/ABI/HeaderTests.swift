import BattenSystem
import TestSupport
import Testing

/// The plugin header, alone, under every standard that it promises.
@Suite struct HeaderTests {
    static let include = "-I\(SourceTree.root)/sdk/c/include"
    static let strict = ["-Wall", "-Wextra", "-pedantic", "-Wpadded", "-Werror"]

    /// A compiler of a family, the language's flag, and the names of one standard that its versions know.
    struct Standard: Sendable, CustomTestStringConvertible {
        let language: String
        let names: [String]

        var testDescription: String { names[0] }
    }

    static let standards =
        [["c99"], ["c11"], ["c17"], ["c2x", "c23"]].map { Standard(language: "c", names: $0) }
        + [["c++11"], ["c++14"], ["c++17"], ["c++20"], ["c++23", "c++2b"]].map { Standard(language: "c++", names: $0) }

    /// gcc from PATH, and clang from there or from the Swift toolchain.
    static let compilers: [String] = {
        let find = "command -v clang || echo \"$(dirname \"$(readlink -f \"$(command -v swift)\")\")/clang\""
        let clang = (try? Command.run(["sh", "-c", find]))?.output.split(separator: "\n").first
        return ["gcc", clang.map(String.init) ?? "clang"]
    }()

    @Test(arguments: compilers, standards)
    func compilesWithoutAWarning(_ compiler: String, _ standard: Standard) throws {
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-abi-")
        defer { try? FileSystem.removeTree(scratch) }
        func compile(_ name: String, _ text: String) throws -> Command.Result {
            try FileSystem.writeAtomically(Array(text.utf8), to: "\(scratch)/\(name)")
            let base = [compiler, "-x", standard.language, "-std=\(name)"]
            // Code is generated, because clang looks for holes only in structs that it lays out.
            return try Command.run(
                base + Self.strict + [Self.include, "-c", "-o", "\(scratch)/object", "\(scratch)/\(name)"])
        }
        guard let name = try standard.names.first(where: { try compile($0, "int main(void);\n").status == 0 }) else {
            // Only a compiler that does not know the standard at all may leave it out.
            try Test.cancel("\(compiler) does not know \(standard.names)")
        }
        let header = "#include <batten/plugin.h>\n#include <batten/plugin.h>\n"
        let uses = """
            int probe(const batten_call *c);
            int probe(const batten_call *c) { return BATTEN_HAS(c, host); }

            """ + SourceTree.lines(of: "Tests/ABI/Sources/probe.c").joined(separator: "\n")
        let result = try compile(name, header + uses)
        #expect(result.status == 0, "\(result.output)")
        let padded = try compile(name, header + "struct padded { char c; batten_span s; };\nstruct padded p;\n")
        #expect(padded.status != 0, "the flags would not have found a hole in a struct")
    }

    @Test(arguments: compilers) func layoutsAreFrozen(_ compiler: String) throws {
        let source = "\(SourceTree.root)/sdk/c/abi.c"
        let result = try Command.run([compiler, "-std=c11", "-Werror", "-fsyntax-only", Self.include, source])
        #expect(result.status == 0, "\(result.output)")
        // Another layout trips it: the same file with the first two fields of a call in one another's place.
        let swapped = try Self.withSwappedFields { include in
            try Command.run([compiler, "-std=c11", "-fsyntax-only", include, source])
        }
        #expect(swapped.status != 0 && swapped.output.contains("has moved"), "\(swapped.output)")
    }

    @Test func theBaselineStillHolds() throws {
        let baseline = "\(SourceTree.root)/Tests/ABI/Sources/plugin-abi-1.0.xml"
        let same = try Self.difference(from: baseline, include: Self.include)
        #expect(
            same.status == 0,
            "the ABI is no longer what was released; run Tests/ABI/Sources/refresh only for an addition:\n\(same.output)"
        )
        let changed = try Self.withSwappedFields { try Self.difference(from: baseline, include: $0) }
        #expect(changed.status & 4 != 0, "a changed layout was not noticed: \(changed.output)")
    }

    /// The list of accepted breaks is read, and lets pass only what it names.
    @Test func acceptedBreaksAreLetPass() throws {
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-abi-")
        defer { try? FileSystem.removeTree(scratch) }
        let baseline = "\(SourceTree.root)/Tests/ABI/Sources/plugin-abi-1.0.xml"
        for (type, passes) in [("batten_call", true), ("batten_outcome", false)] {
            let list = "\(scratch)/\(type).ini"
            try FileSystem.writeAtomically(Array("[suppress_type]\n  name = \(type)\n".utf8), to: list)
            let changed = try Self.withSwappedFields {
                try Self.difference(from: baseline, include: $0, accepting: list)
            }
            #expect((changed.status == 0) == passes, "\(type): \(changed.output)")
        }
    }

    /// Breaks that were accepted, each with its reason.
    private static let acceptedBreaks = "\(SourceTree.root)/Tests/ABI/Sources/accepted-breaks.ini"

    /// Builds the probe with a header and compares it with the baseline.
    private static func difference(
        from baseline: String, include: String, accepting list: String = acceptedBreaks
    ) throws -> Command.Result {
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-abi-")
        defer { try? FileSystem.removeTree(scratch) }
        let probe = "\(scratch)/probe.so"
        let source = "\(SourceTree.root)/Tests/ABI/Sources/probe.c"
        let build = try Command.run(
            ["gcc", "-std=c11", "-g", "-shared", "-fPIC", "-fvisibility=hidden", include, "-o", probe, source])
        try #require(build.status == 0, "\(build.output)")
        return try Command.run([
            "abidiff", "--no-architecture", "--no-show-locs", "--suppressions", list, baseline, probe,
        ])
    }

    /// Runs a body with the include flag for a copy of the header in which two fields have changed places.
    private static func withSwappedFields(_ body: (String) throws -> Command.Result) throws -> Command.Result {
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-abi-")
        defer { try? FileSystem.removeTree(scratch) }
        let text = SourceTree.lines(of: "sdk/c/include/batten/plugin.h")
        let first = try #require(text.firstIndex { $0.contains("batten_span run_id;") })
        let second = try #require(text.firstIndex { $0.contains("int64_t deadline_ns;") })
        var lines = text
        lines.swapAt(first, second)
        try FileSystem.makeFolder("\(scratch)/batten")
        try FileSystem.writeAtomically(
            Array(lines.joined(separator: "\n").utf8), to: "\(scratch)/batten/plugin.h")
        return try body("-I\(scratch)")
    }
}
