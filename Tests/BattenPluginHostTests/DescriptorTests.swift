import BattenCore
import CBattenABI
import Testing

@testable import BattenPluginHost

@Suite struct DescriptorTests {
    /// A change to a descriptor that is in order, and what the refusal must say; nil where it stays in order.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let phrase: String?
        let change: @Sendable (inout batten_plugin, inout batten_executor) -> Void

        init(
            _ name: String, _ phrase: String?,
            _ change: @escaping @Sendable (inout batten_plugin, inout batten_executor) -> Void
        ) {
            testDescription = name
            self.phrase = phrase
            self.change = change
        }
    }

    static let cases: [Case] = [
        Case("in order", nil) { _, _ in },
        Case("longer structs", nil) { plugin, executor in
            plugin.struct_size += 64
            executor.struct_size += 64
        },
        Case("newer minor", nil) { plugin, _ in plugin.abi_minor = 7 },
        Case("unknown flags", nil) { _, executor in executor.flags |= 1 << 30 },
        Case("no schemas", nil) { _, executor in executor.input_schema = nil },
        Case("short plugin", "batten_plugin has") { plugin, _ in plugin.struct_size -= 1 },
        Case("no size", "batten_plugin has 0 bytes") { plugin, _ in plugin.struct_size = 0 },
        Case("short executor", "batten_executor has") { _, executor in executor.struct_size = 16 },
        Case("major", "speaks version 3") { plugin, _ in plugin.abi_major = 3 },
        Case("reserved", "reserved0 of its batten_plugin") { plugin, _ in plugin.reserved0 = 1 },
        Case("reserved in executor", "reserved0 is not 0") { _, executor in executor.reserved0 = 1 },
        Case("id", "its id is NULL") { plugin, _ in plugin.id = nil },
        Case("empty id", "its id is empty") { plugin, _ in plugin.id = text("") },
        Case("id of another", "its id is \"other\"") { plugin, _ in plugin.id = text("other") },
        Case("id not UTF-8", "its id is not UTF-8") { plugin, _ in plugin.id = text([0xff, 0]) },
        Case("version", "its version is NULL") { plugin, _ in plugin.version = nil },
        Case("manifest", "manifest_json is not a JSON object") { plugin, _ in plugin.manifest_json = text("[1]") },
        Case("no executors", "offers 0 executors") { plugin, _ in plugin.executor_count = 0 },
        Case("too many executors", "offers 5000 executors") { plugin, _ in plugin.executor_count = 5_000 },
        Case("no table", "offers 1 executors") { plugin, _ in plugin.executors = nil },
        Case("type", "the type of executor 0 is NULL") { _, executor in executor.type = nil },
        Case("type of another", "\"other.go\" is not \"subject.\"") { _, executor in executor.type = text("other.go") },
        Case("type without name", "\"subject.\" is not") { _, executor in executor.type = text("subject.") },
        Case("type with dots", "\"subject.a.b\" is not") { _, executor in executor.type = text("subject.a.b") },
        Case("type in capitals", "\"subject.Go\" is not") { _, executor in executor.type = text("subject.Go") },
        Case("no function", "neither run nor begin") { _, executor in executor.run = nil },
        Case("schema syntax", "input_schema is not JSON") { _, executor in executor.input_schema = text("{") },
        Case("schema", "output_schema is no JSON Schema") { _, executor in
            executor.output_schema = text("{\"type\": 3}")
        },
        Case("capabilities", "capabilities is not a JSON object") { _, executor in executor.capabilities = text("7") },
    ]

    @Test(arguments: cases) func isHeldAgainstTheRules(_ example: Case) {
        let plugin = Self.plugin(executorCount: 1) { example.change(&$0, &$1) }
        let refusal = Self.refusal(of: plugin)
        guard let phrase = example.phrase else {
            #expect(refusal == nil)
            return
        }
        #expect(refusal?.contains(phrase) == true && refusal?.contains("/p.so") == true, "\(refusal ?? "accepted")")
    }

    @Test func executorsAreDifferentAndThere() {
        let twice = Self.refusal(of: Self.plugin(executorCount: 2) { _, _ in })
        #expect(twice?.contains("the executor subject.go twice") == true, "\(twice ?? "accepted")")
        let missing = Self.plugin(executorCount: 1) { plugin, _ in plugin.executor_count = 2 }
        #expect(Self.refusal(of: missing)?.contains("executor 1 is NULL") == true)
    }

    /// Why the reader refuses a descriptor; nil when it does not.
    private static func refusal(of plugin: UnsafePointer<batten_plugin>) -> String? {
        do throws(PluginError) {
            let read = try DescriptorReader(path: "/p.so", expectedID: "subject").read(plugin)
            return read.executors.map(\.type) == ["subject.go"] ? nil : "read wrongly"
        } catch {
            return error.description
        }
    }

    /// A descriptor that lives for ever, with that many times the same executor and a NULL after them.
    private static func plugin(
        executorCount: Int, _ change: (inout batten_plugin, inout batten_executor) -> Void
    ) -> UnsafePointer<batten_plugin> {
        let executor = UnsafeMutablePointer<batten_executor>.allocate(capacity: 1)
        executor.initialize(to: batten_executor())
        executor.pointee.struct_size = UInt32(MemoryLayout<batten_executor>.size)
        executor.pointee.type = text("subject.go")
        executor.pointee.run = { _, _ in }
        let table = UnsafeMutablePointer<UnsafePointer<batten_executor>?>.allocate(capacity: executorCount + 1)
        table.initialize(repeating: UnsafePointer(executor), count: executorCount)
        (table + executorCount).initialize(to: nil)
        let plugin = UnsafeMutablePointer<batten_plugin>.allocate(capacity: 1)
        plugin.initialize(to: batten_plugin())
        plugin.pointee.struct_size = UInt32(MemoryLayout<batten_plugin>.size)
        plugin.pointee.abi_major = 1
        plugin.pointee.id = text("subject")
        plugin.pointee.version = text("1.0.0")
        plugin.pointee.executor_count = UInt32(executorCount)
        plugin.pointee.executors = UnsafePointer(table)
        change(&plugin.pointee, &executor.pointee)
        return UnsafePointer(plugin)
    }
}

/// A C string that lives for ever.
private func text(_ text: String) -> UnsafePointer<CChar> {
    DescriptorText.make(Array(text.utf8) + [0])
}

private func text(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
    DescriptorText.make(bytes)
}

private enum DescriptorText {
    static func make(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
        return UnsafePointer(copy)
    }
}
