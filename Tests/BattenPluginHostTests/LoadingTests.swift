import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

@Suite struct LoadingTests {
    /// A file in a plugin folder, and the refusal it must meet.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let code: PluginError.Code
        let phrase: String
        /// Makes the bytes of the file from those of the well-behaved fixture.
        let make: @Sendable ([UInt8]) throws -> [UInt8]

        var testDescription: String { name }

        static func fixture(_ name: String, _ code: PluginError.Code, _ phrase: String) -> Refusal {
            Refusal(name: name, code: code, phrase: phrase) { _ in try FileSystem.read(HostFixture.library(name)) }
        }
    }

    static let refusals: [Refusal] = [
        .fixture("wrong-major", .otherMajor, "version 2"),
        .fixture("other-abi", .otherMajor, "speaks ABI 2"),
        .fixture("short-struct", .badDescriptor, "40 bytes"),
        .fixture("no-entry", .noEntry, "batten_plugin_entry_v1"),
        .fixture("bad-id", .badDescriptor, "\"Bad-ID\""),
        .fixture("min-host-too-new", .hostTooOld, "1.999"),
        .fixture("noop", .badDescriptor, "its id is \"noop\", its file's name says \"subject\""),
        Refusal(name: "text", code: .notSharedObject, phrase: "23 21") { _ in Array("#!/bin/sh\n".utf8) },
        Refusal(name: "empty", code: .notSharedObject, phrase: "empty") { _ in [] },
        Refusal(name: "head only", code: .truncated, phrase: "it has 40 bytes") { Array($0.prefix(40)) },
        Refusal(name: "cut off", code: .truncated, phrase: "cut off") { Array($0.prefix($0.count / 2)) },
        Refusal(name: "other machine", code: .wrongMachine, phrase: "AArch64") { bytes in
            var bytes = bytes
            bytes[18] = 183
            return bytes
        },
        Refusal(name: "32 bit", code: .wrongMachine, phrase: "32 bit") { bytes in
            var bytes = bytes
            bytes[4] = 1
            return bytes
        },
        Refusal(name: "object file", code: .notSharedObject, phrase: "object file") { bytes in
            var bytes = bytes
            bytes[16] = 1
            return bytes
        },
        Refusal(name: "no dynamic section", code: .loadFailed, phrase: "loader refuses") { bytes in
            var bytes = bytes
            // Program headers of which the loader can make no sense.
            for offset in 64..<64 + 56 * Int(bytes[56]) { bytes[offset] = 0xff }
            return bytes
        },
    ]

    @Test(arguments: refusals) func refusesWithAReason(_ refusal: Refusal) throws {
        let fixture = try HostFixture([])
        let bytes = try refusal.make(try FileSystem.read(HostFixture.library("noop")))
        try FileSystem.writeAtomically(bytes, to: "\(fixture.folder)/libbatten-plugin-subject.so", mode: 0o755)
        let error = try #require(refusalOf("subject", fixture.host))
        #expect(error.code == refusal.code, "\(error)")
        #expect(error.description.contains(refusal.phrase), "\(error)")
        #expect(error.description.contains("libbatten-plugin-subject.so"), "the file is named: \(error)")
        #expect(!error.help.isEmpty)
        let outcome = try #require(fixture.call("subject.go"))
        #expect(outcome.outcomeClass == .permanent && outcome.effect == .none && outcome.code == error.code.rawValue)
        guard case .refused(let code, _, _) = fixture.host.executor("subject.go") else {
            Issue.record("the catalog does not say it is refused")
            return
        }
        #expect(code == error.code.rawValue)
    }

    @Test func aFolderInPlaceOfAFileIsNamed() throws {
        let fixture = try HostFixture([])
        try FileSystem.makeFolder("\(fixture.folder)/libbatten-plugin-subject.so")
        let error = try #require(refusalOf("subject", fixture.host))
        #expect(error.code == .unreadable && error.description.contains("not a file"), "\(error)")
    }

    @Test func readsWhatThePluginSays() throws {
        let fixture = try HostFixture(["noop"])
        guard case .success(let plugin) = fixture.host.information(of: "noop") else {
            Issue.record("noop was refused")
            return
        }
        #expect(plugin.version == "1.2.3" && plugin.title == "Nothing" && plugin.isBundled)
        #expect(fixture.host.knownTypes() == plugin.executors.map(\.type))
        let begin = try #require(plugin.executors.first { $0.type == "noop.begin" })
        #expect(begin.isAsynchronous && begin.isPure && begin.isIdempotent && !begin.isCancellable)
        #expect(begin.summary == "Completes at once" && begin.input.acceptsAnything)
        let echo = try #require(plugin.executors.first { $0.type == "noop.echo" })
        #expect(!echo.isAsynchronous && !echo.isPure && echo.inputSchema == ["type": "object"])
        guard case .unknownExecutor(_, let offers) = fixture.host.executor("noop.bgin") else {
            Issue.record("an unknown executor was found")
            return
        }
        #expect(offers.contains("noop.begin"))
        guard case .unknownPlugin(_, let searched) = fixture.host.executor("nope.go") else {
            Issue.record("an unknown plugin was found")
            return
        }
        #expect(searched == [fixture.folder])
        #expect(fixture.call("nope.go")?.code == "plugin.unknown")
        #expect(fixture.call("noop.bgin")?.code == "plugin.unknown_executor")
        #expect(fixture.call("")?.code == "plugin.unknown")
    }

    @Test func foldersAreSearchedInOrderAndTrusted() throws {
        let own = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-host-own")
        let other = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-host-other")
        defer { for folder in [own, other] { try? FileSystem.removeTree(folder) } }
        try HostFixture.install("noop", in: own)
        try HostFixture.install("noop", in: other)
        try HostFixture.install("slow", in: other)
        try FileSystem.writeAtomically([], to: "\(other)/README.so")
        func host(_ folders: [String], allow: Bool) -> PluginHost {
            PluginHost(HostSettings(bundledFolder: own, folders: folders, allowInProcessPlugins: allow))
        }
        let twice = try #require(refusalOf("noop", host([other], allow: true)))
        #expect(twice.code == .duplicate && twice.message.contains(own) && twice.message.contains(other), "\(twice)")
        #expect(refusalOf("slow", host([other], allow: false)) == nil, "what it is may be known of any plugin")
        #expect(refusalOf("slow", host([other, other, "\(other)/../nowhere"], allow: true)) == nil)
        #expect(refusalOf("noop", host([own], allow: false)) == nil, "the same folder twice is no duplicate")
        let listing = host([other], allow: false).listing()
        #expect(listing.plugins.map(\.id) == ["noop", "noop", "slow"] && listing.problems.isEmpty)
        #expect(HostSettings.folders(path: "/a::/b", named: ["/c"]) == ["/a", "/b", "/c"])
    }

    @Test func whatEverybodyMayWriteIsNotLoaded() throws {
        for isFolder in [false, true] {
            let fixture = try HostFixture(["noop"])
            let path = fixture.folder + (isFolder ? "" : "/libbatten-plugin-noop.so")
            try #require(try Command.run(["chmod", "o+w", path]).status == 0)
            let error = try #require(refusalOf("noop", fixture.host))
            #expect(error.code == .untrusted && error.help.contains("chmod o-w \(path)"), "\(error)")
        }
    }

    /// Why a plugin is refused; nil when it is not.
    private func refusalOf(_ id: String, _ host: PluginHost) -> PluginError? {
        guard case .failure(let error) = host.information(of: id) else { return nil }
        return error
    }
}
