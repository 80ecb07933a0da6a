import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

/// Plugins as they were built when a version of the ABI was released: they load and work in every later host.
@Suite struct MuseumTests {
    /// One call of a plugin that is kept, and what it must end with.
    struct Exhibit: Sendable, CustomTestStringConvertible {
        let release: String
        let language: String
        let executor: String
        var input: JSONValue = [:]
        var output: JSONValue?
        var outcomeClass = OutcomeClass.ok

        var testDescription: String { "\(release) \(executor) \(input)" }
        var id: String { "museum_\(language)" }
    }

    static let exhibits: [Exhibit] = [
        Exhibit(
            release: "1.0", language: "c", executor: "museum_c.visit",
            output: [
                "log": 1, "beat": 1, "stream": 1, "usage": 1, "secret": 1, "blob": 1, "stop": 0, "none": 1,
            ]),
        Exhibit(release: "1.0", language: "c", executor: "museum_c.bell", output: ["rung": true]),
        Exhibit(
            release: "1.0", language: "cpp", executor: "museum_cpp.visit", input: ["guests": 3],
            output: ["tickets": 3]),
        Exhibit(
            release: "1.0", language: "cpp", executor: "museum_cpp.visit", input: ["guests": 101],
            outcomeClass: .permanent),
        Exhibit(
            release: "1.0", language: "rust", executor: "museum_rust.visit", input: ["guests": 3],
            output: ["tickets": 3]),
        Exhibit(
            release: "1.0", language: "rust", executor: "museum_rust.visit", input: ["guests": 101],
            outcomeClass: .permanent),
        Exhibit(
            release: "1.0", language: "swift", executor: "museum_swift.visit", input: ["guests": 3],
            output: ["tickets": 3]),
        Exhibit(
            release: "1.0", language: "swift", executor: "museum_swift.visit", input: ["guests": 101],
            outcomeClass: .failed),
    ]

    @Test(arguments: exhibits) func oldPluginsWork(_ exhibit: Exhibit) throws {
        let fixture = try HostFixture([], isolation: .worker)
        let library = "libbatten-plugin-\(exhibit.id).so"
        let kept = "\(SourceTree.root)/Tests/ABI/Museum/\(exhibit.release)/\(library).gz"
        let unpacked = try Command.run(["sh", "-c", "gzip -dc '\(kept)' > '\(fixture.folder)/\(library)'"])
        try #require(unpacked.status == 0, "\(unpacked.output)")
        let outcome = try #require(fixture.call(exhibit.executor, input: exhibit.input))
        #expect(outcome.outcomeClass == exhibit.outcomeClass, "\(outcome)")
        if let output = exhibit.output { #expect(outcome.output == output) }
    }

    /// Everything in the museum is looked at.
    @Test func noPluginIsForgotten() throws {
        for release in try FileSystem.list("\(SourceTree.root)/Tests/ABI/Museum") where release != "README.md" {
            let kept = try FileSystem.list("\(SourceTree.root)/Tests/ABI/Museum/\(release)").filter {
                $0.hasSuffix(".so.gz")
            }
            let seen = Set(Self.exhibits.filter { $0.release == release }.map { "libbatten-plugin-\($0.id).so.gz" })
            #expect(kept == seen.sorted())
        }
    }
}
