import BattenSystem

/// The first bytes of an ELF file, read so that a wrong file is refused with a reason before any of it runs.
enum SharedObjectHeader {
    /// Checks that a file is a complete shared object for this machine.
    ///
    /// - Throws: ``PluginError`` that says what the file is instead.
    static func check(_ path: String) throws(PluginError) {
        let (head, size) = try read(path)
        let rebuild = "build the plugin again as a shared object for this machine (\(machineName(ownMachine)), 64 bit)"
        guard head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
            throw PluginError(
                .notSharedObject, "\(path) is not a shared object: it begins with \(sample(head))", help: rebuild)
        }
        guard head.count >= 64 else { throw truncated(path, size, needed: 64) }
        guard head[4] == 2, head[5] == 1 else {
            let word = head[4] == 2 ? "big-endian" : "32 bit"
            throw PluginError(.wrongMachine, "\(path) is a \(word) file", help: rebuild)
        }
        let machine = Int(head[18]) | Int(head[19]) << 8
        guard machine == ownMachine else {
            throw PluginError(
                .wrongMachine, "\(path) is for \(machineName(machine)), this is \(machineName(ownMachine))",
                help: rebuild)
        }
        let kind = Int(head[16]) | Int(head[17]) << 8
        guard kind == 3 else {
            throw PluginError(
                .notSharedObject, "\(path) is an \(kind == 1 ? "object file" : "executable"), not a shared object",
                help: "link it with -shared")
        }
        try checkTables(path, head, size)
    }

    /// The section headers are the last part of a linked file, and the program headers must lie inside it.
    private static func checkTables(_ path: String, _ head: [UInt8], _ size: Int64) throws(PluginError) {
        for (offset, width, count) in [(32, 54, 56), (40, 58, 60)] {
            let start = number(head, offset, 8)
            let length = number(head, width, 2) * number(head, count, 2)
            let (end, overflow) = start.addingReportingOverflow(length)
            guard !overflow, end <= UInt64(max(size, 0)) else {
                throw truncated(path, size, needed: overflow ? .max : Int64(clamping: end))
            }
        }
    }

    private static func read(_ path: String) throws(PluginError) -> (head: [UInt8], size: Int64) {
        do throws(SystemError) {
            guard let status = try FileSystem.status(path) else {
                throw SystemError("open \(path)", message: "there is no such file")
            }
            guard status.kind == .file else { throw SystemError("read \(path)", message: "it is not a file") }
            let descriptor = try FileSystem.open(path, .read)
            var head: [UInt8] = []
            while head.count < 64 {
                let piece = try descriptor.read(upTo: 64 - head.count)
                if piece.isEmpty { break }
                head += piece
            }
            return (head, status.bytes)
        } catch {
            throw PluginError(
                .unreadable, "the plugin \(path) cannot be read", help: "check the file and its permissions",
                cause: error.description)
        }
    }

    private static func truncated(_ path: String, _ size: Int64, needed: Int64) -> PluginError {
        PluginError(
            .truncated, "\(path) is cut off: it has \(size) bytes and refers to byte \(needed)",
            help: "copy or build the file again")
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
        bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func sample(_ head: [UInt8]) -> String {
        guard !head.isEmpty else { return "nothing at all, it is empty" }
        return "bytes " + head.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    private static var ownMachine: Int {
        #if arch(x86_64)
            62
        #elseif arch(arm64)
            183
        #elseif arch(riscv64)
            243
        #else
            0
        #endif
    }

    private static func machineName(_ machine: Int) -> String {
        switch machine {
        case 62: "x86-64"
        case 183: "AArch64"
        case 3: "x86"
        case 40: "ARM"
        case 243: "RISC-V"
        default: "machine type \(machine)"
        }
    }
}
