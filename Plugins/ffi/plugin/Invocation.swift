internal import BattenPlugin
internal import BattenSignature
internal import CForeign
internal import Glibc

/// One call of one function: its arguments in memory, the call, and what it gave.
final class Invocation {
    /// What a call gave.
    struct Answer {
        let result: Value
        let error: Int32
        let outputs: [(name: String, value: Value)]
    }

    /// The memory behind a pointer that is passed.
    private struct Block {
        /// Nil for NULL.
        let memory: UnsafeMutableRawPointer?
        /// In elements.
        let count: Int
    }

    let step: Request.Step
    private let arena: Arena
    private let storing: Storing
    private let function: Libraries.Function
    private let types: [ForeignType]
    private let resultType: ForeignType
    /// By the name that the signature gives: functions that free what the call gives back.
    private let releases: [String: Libraries.Function]
    /// Where each argument's own value stands; nil until it is known.
    private var slots: [UnsafeMutableRawPointer?]
    private var blocks: [Block?]
    /// The values of integer parameters, for buffers whose size they say.
    private var counts: [Int: Int] = [:]

    /// Finds the function and checks and stores the arguments that need no earlier call.
    ///
    /// - Throws: ``Failure`` that names the field at fault.
    init(_ step: Request.Step, libraries: inout Libraries, arena: Arena) throws(Failure) {
        self.step = step
        self.arena = arena
        storing = Storing(arena: arena)
        try libraries.load(step.library, step.prefix + "library")
        function = try libraries.function(step.function, of: step.library, step.prefix + "function")
        let signature = step.signature
        resultType = try ForeignType(signature.result)
        var types: [ForeignType] = []
        var owners: [Ownership] = []
        if case .string(_, let owner) = signature.result { owners.append(owner) }
        for (index, parameter) in signature.parameters.enumerated() {
            let isVariable = signature.fixedCount.map { index >= $0 } ?? false
            switch parameter.passing {
            case .value(let type): types.append(try ForeignType(isVariable ? type.promoted : type))
            case .length(_, let integer, .in):
                let type = CType.integer(integer)
                types.append(try ForeignType(isVariable ? type.promoted : type))
            case .reference(let type, _):
                if case .string(_, let owner) = type { owners.append(owner) }
                types.append(try ForeignType(.pointer(nil)))
            case .length, .buffer: types.append(try ForeignType(.pointer(nil)))
            }
        }
        self.types = types
        var releases: [String: Libraries.Function] = [:]
        for case .freed(let name) in owners where name != "free" {
            releases[name] = try libraries.function(name, of: step.library, step.prefix + "signature")
        }
        self.releases = releases
        slots = Array(repeating: nil, count: signature.parameters.count)
        blocks = Array(repeating: nil, count: signature.parameters.count)
        for (place, index) in signature.taking.enumerated() where !step.arguments[place].needsEarlier {
            try store(step.arguments[place], index, field(place))
        }
    }

    private func field(_ place: Int) -> String { "\(step.prefix)arguments[\(place)]" }

    /// Calls the function.
    ///
    /// - Parameter resolve: gives the values of earlier calls.
    /// - Throws: ``Failure`` before the call, for arguments that cannot be passed, or after it, for memory overrun.
    func call(resolve: (Value, String) throws(Failure) -> Value) throws(Failure) -> Answer {
        let signature = step.signature
        for (place, index) in signature.taking.enumerated() where slots[index] == nil {
            try store(try resolve(step.arguments[place], field(place)), index, field(place))
        }
        try makeRoom()
        let result = try arena.allocate(max(signature.result.size, 16), for: "\(step.prefix)signature")
        var error: Int32 = 0
        let accepted = cforeign_call(
            function.address, resultType.raw, types.map { $0.raw }, signature.fixedCount.map { Int32($0) } ?? -1,
            UInt32(types.count), result, slots, &error)
        guard accepted != 0 else {
            throw .badInput(field: "\(step.prefix)signature", "libffi cannot make this call")
        }
        if let label = arena.overrun() {
            throw Failure(
                .failed, code: "ffi.overrun",
                "\(step.function) wrote beyond the memory of \(label): the buffer is larger in C than the signature says",
                details: ["field": .string(label), "function": .string(step.function)])
        }
        return answer(result, error)
    }

    // MARK: Arguments

    private func store(_ value: Value, _ index: Int, _ field: String) throws(Failure) {
        switch step.signature.parameters[index].passing {
        case .value(let type):
            let slot = try arena.allocate(max(type.size, 8), for: field)
            if let fixed = step.signature.fixedCount, index >= fixed {
                try storing.storePromoted(value, type, at: slot, field)
            } else {
                try storing.store(value, type, at: slot, field)
            }
            slots[index] = slot
            if case .integer = type { counts[index] = Loading.load(type, from: slot).count }
        case .reference(let type, _):
            guard !isNull(value) || acceptsNull(type) else { return try point(index, nil, 0, field) }
            let memory = try arena.allocate(type.size, for: field)
            try storing.store(value, type, at: memory, field)
            try point(index, memory, 1, field)
            if case .integer = type { counts[index] = Loading.load(type, from: memory).count }
        case .buffer(let element, _, let extent, _):
            try store(value, element, extent, index, field)
        case .length:
            break
        }
    }

    private func isNull(_ value: Value) -> Bool {
        if case .null = value { true } else { false }
    }

    /// Whether null is a value of the type itself, so that the pointer to it is not NULL.
    private func acceptsNull(_ type: CType) -> Bool {
        switch type {
        case .string, .pointer: true
        default: false
        }
    }

    private func store(
        _ value: Value, _ element: CParameter.Element, _ extent: CParameter.Extent, _ index: Int, _ field: String
    ) throws(Failure) {
        if isNull(value) { return try point(index, nil, 0, field) }
        switch element {
        case .bytes, .text:
            let bytes = try storing.bytes(value, field, of: "\(step.signature.parameters[index].kind)")
            var count = bytes.count
            if case .fixed(let room) = extent {
                let isText = element.isText
                guard isText ? count <= room : count == room else {
                    throw .badInput(
                        field: field,
                        "has \(count) bytes; the signature says \(isText ? "at most" : "exactly") \(room)")
                }
                count = room
            }
            if element.isText, bytes.contains(0) {
                throw .badInput(field: field, "contains a NUL character, where C would end it: use bytes")
            }
            // One more for the NUL of text that fills its buffer.
            let memory = try arena.allocate(count + (element.isText ? 1 : 0), for: field)
            memory.copyMemory(from: bytes, byteCount: bytes.count)
            try point(index, memory, count, field)
        case .values(let type):
            guard case .list(let elements) = value else {
                throw .badInput(field: field, "must be a list of \(type.brief) values, is \(value.kind)")
            }
            if case .fixed(let count) = extent, elements.count != count {
                throw .badInput(field: field, "has \(elements.count) values; the signature says exactly \(count)")
            }
            let (size, isTooMuch) = elements.count.multipliedReportingOverflow(by: type.size)
            guard !isTooMuch else { throw .badInput(field: field, "is too long") }
            let memory = try arena.allocate(size, for: field)
            for (place, item) in elements.enumerated() {
                try storing.store(item, type, at: memory + place * type.size, "\(field)[\(place)]")
            }
            try point(index, memory, elements.count, field)
        }
    }

    /// Makes an argument that is a pointer.
    private func point(
        _ index: Int, _ memory: UnsafeMutableRawPointer?, _ count: Int, _ field: String
    ) throws(Failure) {
        let slot = try arena.allocate(MemoryLayout<Int>.size, for: field)
        slot.storeBytes(of: memory, as: UnsafeMutableRawPointer?.self)
        slots[index] = slot
        blocks[index] = Block(memory: memory, count: count)
    }

    /// Makes what no argument is needed for: out parameters and lengths.
    private func makeRoom() throws(Failure) {
        let signature = step.signature
        for (index, parameter) in signature.parameters.enumerated() where slots[index] == nil {
            let label = "\(step.prefix)\(signature.label(index))"
            switch parameter.passing {
            case .reference(let type, _):
                try point(index, try arena.allocate(type.size, for: label), 1, label)
            case .buffer(let element, _, let extent, _):
                let count: Int
                switch extent {
                case .fixed(let fixed): count = fixed
                case .parameter(let target):
                    guard let value = counts[target], value >= 0, value <= Arena.mostBytes / element.size else {
                        throw .badInput(
                            field: label,
                            "its size, \(signature.label(target)), must be from 0 to \(Arena.mostBytes / element.size)")
                    }
                    count = value
                case .given: count = 0
                }
                try point(index, try arena.allocate(count * element.size, for: label), count, label)
            case .value, .length:
                break
            }
        }
        for (index, parameter) in signature.parameters.enumerated() {
            guard case .length(let target, let integer, let direction) = parameter.passing else { continue }
            let label = "\(step.prefix)\(signature.label(index))"
            let memory = try arena.allocate(8, for: label)
            try storing.store(count: length(of: target), integer, at: memory, label)
            if direction == .inout {
                try point(index, memory, 1, label)
            } else {
                if let fixed = signature.fixedCount, index >= fixed {
                    try storing.storePromoted(.integer(Int64(length(of: target))), .integer(integer), at: memory, label)
                }
                slots[index] = memory
            }
        }
    }

    /// The length of a buffer, array or string.
    private func length(of index: Int) -> Int {
        if let block = blocks[index] { return block.count }
        guard case .value(.string) = step.signature.parameters[index].passing, let slot = slots[index],
            let text = slot.load(as: UnsafePointer<CChar>?.self)
        else { return 0 }
        return strlen(text)
    }

    // MARK: Answers

    private func answer(_ memory: UnsafeMutableRawPointer, _ error: Int32) -> Answer {
        let signature = step.signature
        let result = load(signature.result, narrowed(memory, signature.result))
        var outputs: [(name: String, value: Value)] = []
        for (index, parameter) in signature.parameters.enumerated() where parameter.isOutput {
            outputs.append((signature.label(index), output(index, parameter.passing, result)))
        }
        return Answer(result: result, error: error, outputs: outputs)
    }

    /// Where a result's own bytes stand: libffi widens small integers.
    private func narrowed(_ memory: UnsafeMutableRawPointer, _ type: CType) -> UnsafeMutableRawPointer {
        switch type {
        case .integer, .bool, .char:
            let width = cforeign_result_width()
            guard type.size < width else { return memory }
            let isLittle = Int(littleEndian: 1) == 1
            return isLittle ? memory : memory + (width - type.size)
        default:
            return memory
        }
    }

    /// Reads a value and frees it if it is text of the caller's.
    private func load(_ type: CType, _ memory: UnsafeMutableRawPointer) -> Value {
        let value = Loading.load(type, from: memory)
        guard case .string(_, .freed(let name)) = type, let text = memory.load(as: UnsafeMutableRawPointer?.self) else {
            return value
        }
        guard let release = releases[name] else {
            cforeign_free(text)
            return value
        }
        typealias Release = @convention(c) (UnsafeMutableRawPointer?) -> Void
        unsafeBitCast(release.address, to: Release.self)(text)
        return value
    }

    private func output(_ index: Int, _ passing: CParameter.Passing, _ result: Value) -> Value {
        guard let block = blocks[index], let memory = block.memory else { return .null }
        switch passing {
        case .reference(let type, _):
            return load(type, memory)
        case .buffer(let element, _, _, let used):
            let count: Int
            switch used {
            case .all: count = block.count
            case .result: count = min(max(result.count ?? 0, 0), block.count)
            case .parameter(let target): count = min(max(told(target), 0), block.count)
            }
            switch element {
            case .bytes(let form):
                return .bytes(Loading.bytes(memory, count), form)
            case .text(let form):
                let length = used == .all ? strnlen(memory.assumingMemoryBound(to: CChar.self), count) : count
                return .bytes(Loading.bytes(memory, length), form)
            case .values(let type):
                return .list((0..<count).map { Loading.load(type, from: memory + $0 * type.size) })
            }
        case .value, .length:
            return .null
        }
    }

    /// The integer that an out parameter holds now.
    private func told(_ index: Int) -> Int {
        guard let memory = blocks[index]?.memory else { return 0 }
        switch step.signature.parameters[index].passing {
        case .reference(let type, _): return Loading.load(type, from: memory).count ?? 0
        case .length(_, let integer, _): return Loading.load(.integer(integer), from: memory).count ?? 0
        case .value, .buffer: return 0
        }
    }
}

extension CParameter.Element {
    /// Whether it is text that ends in NUL.
    var isText: Bool {
        if case .text = self { true } else { false }
    }
}

extension CParameter {
    /// What a person calls what it points to.
    var kind: String {
        if case .buffer(.text, _, _, _) = passing { "text" } else { "bytes" }
    }
}
