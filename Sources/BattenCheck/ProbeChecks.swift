import BattenPluginHost
import BattenSystem
import CBattenABI

/// What loading a plugin and asking it what it is may do.
enum ProbeChecks {
    static func load(path: String, copy: String, into findings: inout CheckFindings) {
        let before = ProcessState.now()
        let begun = MonotonicClock.now()
        do throws(PluginError) {
            _ = try WorkerDescription(path: path, copy: copy)
        } catch {
            findings.breaks(rule(error.code), error.description)
            return
        }
        let taken = (MonotonicClock.now() - begun) / 1_000_000
        if taken > 100 { findings.note("loading took \(taken) ms; under 100 ms is usual") }
        ProcessState.now().compare(with: before, threadRule: "entry", into: &findings)
    }

    private static func rule(_ code: PluginError.Code) -> String {
        switch code {
        case .badDescriptor, .otherMajor, .hostTooOld: "descriptor"
        case .noEntry, .refusedHost: "entry"
        default: "file"
        }
    }

    static func entry(_ subject: CheckSubject, into findings: inout CheckFindings) {
        let before = ProcessState.now()
        func ask(size: Int, minor: UInt16) -> UnsafePointer<batten_plugin>? {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
            defer { unsafe memory.deallocate() }
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xa5, count: 64)
            let hello = unsafe memory.assumingMemoryBound(to: batten_hello.self)
            unsafe hello.pointee.struct_size = UInt32(size)
            unsafe hello.pointee.abi_major = UInt16(BATTEN_ABI_MAJOR)
            unsafe hello.pointee.abi_minor = minor
            return unsafe subject.entry(hello)
        }
        let size = MemoryLayout<batten_hello>.size
        let first = unsafe ask(size: size, minor: 0)
        func compare(_ what: String, _ again: UnsafePointer<batten_plugin>?) {
            if unsafe again != first { findings.breaks("entry", "it answers differently when it is \(what)") }
        }
        unsafe compare("asked twice", ask(size: size, minor: 0))
        unsafe compare("asked by a host of minor version 99", ask(size: size, minor: 99))
        unsafe compare("asked with a longer batten_hello", ask(size: size + 16, minor: 99))
        ProcessState.now().compare(with: before, threadRule: "entry", into: &findings)
    }
}
