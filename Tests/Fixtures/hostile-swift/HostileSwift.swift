public import CBattenABI

/// A Swift plugin without the SDK, whose one executor looks behind the end of an array.
nonisolated(unsafe) private let descriptor: UnsafePointer<batten_plugin> = {
    // SAFETY: made once, before anybody else sees it, and never changed or freed.
    func lasting(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
    let executor = UnsafeMutablePointer<batten_executor>.allocate(capacity: 1)
    executor.initialize(to: batten_executor())
    executor.pointee.struct_size = UInt32(MemoryLayout<batten_executor>.size)
    executor.pointee.type = lasting("hostile_swift.go")
    executor.pointee.run = { _, call in
        let numbers = [1, 2, 3]
        let index = Int(call.pointee.attempt) + 10
        print(numbers[index])
    }
    let table = UnsafeMutablePointer<UnsafePointer<batten_executor>?>.allocate(capacity: 1)
    table.initialize(to: UnsafePointer(executor))
    let plugin = UnsafeMutablePointer<batten_plugin>.allocate(capacity: 1)
    plugin.initialize(to: batten_plugin())
    plugin.pointee.struct_size = UInt32(MemoryLayout<batten_plugin>.size)
    plugin.pointee.abi_major = UInt16(BATTEN_ABI_MAJOR)
    plugin.pointee.executor_count = 1
    plugin.pointee.id = lasting("hostile_swift")
    plugin.pointee.version = lasting("1.0.0")
    plugin.pointee.executors = UnsafePointer(table)
    return UnsafePointer(plugin)
}()

/// Where every plugin begins.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>) -> UnsafePointer<batten_plugin>? {
    descriptor
}
