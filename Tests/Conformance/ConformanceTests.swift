import BattenSystem
import TestSupport
import Testing

/// Black-box cases against the built program: one folder a case, with its command, its files and what must come out.
@Suite struct ConformanceTests {
    /// Set to write what came out instead of comparing it.
    static let updating = ProcessEnvironment.variable("BATTEN_UPDATE_CASES") != nil

    @Test(arguments: ConformanceCase.all)
    func fits(_ conformance: ConformanceCase) throws {
        let found = try conformance.perform()
        if Self.updating {
            try conformance.record(found)
            return
        }
        let expected = try conformance.expected()
        #expect(found.exit == expected.exit, "exit code; stderr was:\n\(found.errors)")
        #expect(found.output == expected.output)
        #expect(found.errors == expected.errors)
    }

    @Test func thereAreEnough() {
        #expect(ConformanceCase.all.count >= 40)
    }
}
