import Glibc
import Synchronization
import Testing

@testable import BattenPlugin

@Suite struct BlobTests {
    private static let types = ["sample.write", "sample.write_later"]
    private let driver: Driver

    init() throws {
        driver = try Driver(Sample.self)
    }

    /// Makes a call and waits for its end.
    private func end(_ type: String, _ input: String, blob: UInt64 = 0, token: UInt64) throws -> FakeHost.Ended {
        try driver.call(type, input, blob: blob, token: token)
        while true {
            if let ended = driver.host.ended(token) { return ended }
            driver.host.turn()
        }
    }

    @Test(arguments: types) func outputIsWhatWasWritten(type: String) throws {
        let wanted = "[" + (0..<20_000).map { String($0) }.joined(separator: ",") + "]"
        let ended = try end(type, #"{"lines":20000}"#, token: 1)
        #expect(ended.number == 100 && ended.isBlob)
        #expect(ended.output == wanted)
    }

    @Test(arguments: types) func whatIsNotFinishedIsNoOutput(type: String) throws {
        let table: [(fail: String, number: UInt32, code: String)] = [
            ("unfinished", 300, "sample.unfinished"), ("inside", 304, "plugin.blob_inside"),
        ]
        for (index, row) in table.enumerated() {
            let ended = try end(type, #"{"lines":3,"fail":"\#(row.fail)"}"#, token: UInt64(index + 1))
            #expect(ended.number == row.number && ended.code == row.code && !ended.isBlob, "\(ended)")
        }
        #expect(driver.host.seen.withLock { [$0.blobs[1]?.isSealed, $0.blobs[2]?.isSealed] } == [false, true])
    }

    /// The descriptor is closed with the writer, whether it was finished or not.
    @Test(arguments: ["", "unfinished"]) func theWritersDescriptorIsClosed(fail: String) throws {
        _ = try end("sample.write", #"{"fail":"\#(fail)"}"#, token: 1)
        let blob = try #require(driver.host.seen.withLock { $0.blobs[1] })
        var wanted = stat()
        #expect(fstat(blob.descriptor, &wanted) == 0)
        // Other tests open and close descriptors beside this one, but none of them this file.
        let open = (0..<getdtablesize()).filter { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev
        }
        #expect(open == [blob.descriptor])
    }

    @Test(arguments: ["sample.write", "sample.write_later"]) func aBlobIsReadAsInput(type: String) throws {
        let spaces = String(repeating: " ", count: 200_000)
        let good = driver.host.addBlob(#"{"lines":\#(spaces)2}"#)
        #expect(try end(type, "", blob: good, token: 1).output == "[0,1]")
        let odd = driver.host.addBlob(#"{"lines":"x"}"#)
        let refused = try end(type, "", blob: odd, token: 2)
        #expect(refused.number == 301 && refused.message == "lines: must be an integer, is string", "\(refused)")
        // A blob that nobody made.
        let unknown = try end(type, "", blob: 99, token: 3)
        #expect(unknown.number == 200 && unknown.code == "blob.unreadable" && unknown.effect == 1, "\(unknown)")
    }

    @Test(arguments: types) func aHostWithoutRoomOrWithoutBlobsSaysSo(type: String) throws {
        driver.host.seen.withLock { $0.isFull = true }
        #expect(try end(type, "{}", token: 1).code == "blob.unsupported")
        let bare = try Driver(Sample.self, host: FakeHost(withServices: false))
        try bare.call("sample.write", "{}")
        #expect(bare.host.ended(1)?.code == "blob.unsupported")
    }
}
