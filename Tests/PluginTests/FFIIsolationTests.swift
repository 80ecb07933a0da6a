import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import Testing

/// Each call of ffi has a process of its own, so that a wrong signature costs one attempt and nothing else.
@Suite struct FFIIsolationTests {
    @Test func everyCallHasAProcessOfItsOwn() throws {
        let rig = try FFIRig()
        let ids = try (0..<3).map { _ in
            try #require(try rig.call("int getpid()", of: "libc.so.6").output["result"]?.intValue)
        }
        let mine = Int64(ProcessEnvironment.processID)
        #expect(Set(ids).count == 3 && !ids.contains(mine), "\(ids)")
        let list = try rig.run(
            try JSONReader.parse(
                #"{"library":"libc.so.6","calls":[{"signature":"int getpid()"},{"signature":"int getpid()"}]}"#))
        let calls = list.output["calls"]?.arrayValue ?? []
        #expect(calls.count == 2 && calls[0]["result"] == calls[1]["result"], "\(list)")
    }

    /// What a wrong signature or a bad function does to its process; more often than would turn a plugin off.
    @Test func crashesCostOneAttempt() throws {
        typealias Row = (signature: String, arguments: String, library: String, says: String)
        let table: [Row] = [
            ("void crash()", "[]", FFIRig.library, "SIGSEGV"),
            ("size strlen(size text)", "[8]", "libc.so.6", "SIGSEGV"),
            ("void abort()", "[]", "libc.so.6", "SIGABRT"),
            ("void _exit(int)", "[0]", "libc.so.6", "left with status 0"),
            ("void exit(int)", "[3]", "libc.so.6", "left with status 3"),
            ("int raise(int)", "[9]", "libc.so.6", "SIGKILL"),
            ("string same_u64(uint64)", "[16]", FFIRig.library, "SIGSEGV"),
        ]
        let rig = try FFIRig()
        for row in table {
            let outcome = try rig.call(row.signature, row.arguments, of: row.library)
            #expect(outcome.outcomeClass == .crashed && outcome.effect == .unknown, "\(row): \(outcome)")
            #expect(outcome.message.contains(row.says), "\(row): \(outcome.message)")
        }
        #expect(try rig.call("int32 same_i32(int32)", "[7]").output["result"]?.intValue == 7)
    }

    @Test func whatAFunctionPrintsIsInTheLog() throws {
        let rig = try FFIRig()
        let running = try rig.start(
            try JSONReader.parse(
                #"{"library":"libc.so.6","signature":"int puts(string)","arguments":["hello from C"]}"#))
        #expect(try running.outcome().outcomeClass == .ok)
        rig.host.shutdown(within: .seconds(5))
        #expect(running.lines.contains { $0.hasSuffix("hello from C") }, "\(running.lines)")
    }

    @Test func aFunctionThatNeverReturnsEndsWithItsProcess() throws {
        let rig = try FFIRig()
        let running = try rig.start(
            try JSONReader.parse(#"{"library":"libc.so.6","signature":"int pause()"}"#), grace: .milliseconds(100))
        rig.host.cancel(running.handle.withLock { $0 }, why: .cancelled)
        let outcome = try running.outcome()
        #expect(outcome.outcomeClass == .cancelled, "\(outcome)")
    }

    @Test func theOperatorMayChooseAnotherIsolation() throws {
        let mine = Int64(ProcessEnvironment.processID)
        let inside = try FFIRig(isolation: .inProcess)
        #expect(try inside.call("int getpid()", of: "libc.so.6").output["result"]?.intValue == mine)
        let shared = try FFIRig(isolation: .worker)
        let ids = try (0..<2).map { _ in try shared.call("int getpid()", of: "libc.so.6").output["result"]?.intValue }
        #expect(ids[0] == ids[1] && ids[0] != mine, "\(ids)")
    }
}
