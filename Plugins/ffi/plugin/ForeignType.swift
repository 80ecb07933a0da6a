internal import BattenPlugin
internal import BattenSignature
internal import CForeign

/// A type as libffi has it; a struct's description lives as long as this.
final class ForeignType {
    let raw: UnsafeMutableRawPointer
    private let members: [ForeignType]

    /// Makes the description of a type.
    ///
    /// - Throws: ``Failure`` if libffi lays a struct out differently from the signature's own rules, or has no memory.
    init(_ type: CType) throws(Failure) {
        switch type {
        case .structure(let structure):
            var members: [ForeignType] = []
            for field in structure.fields { members += try Self.flat(field.type) }
            self.members = members
            guard members.count <= Self.mostMembers else {
                throw .badInput(
                    field: "signature", "a struct by value has more than \(Self.mostMembers) members and elements")
            }
            guard let raw = cforeign_struct(members.map { $0.raw }, members.count) else {
                throw Failure(.overloaded, code: "ffi.memory", "there is no memory for a description", effect: .none)
            }
            self.raw = raw
            var size = 0
            var alignment = 0
            guard cforeign_layout(raw, &size, &alignment) != 0, size == structure.size, alignment == structure.alignment
            else {
                cforeign_release(raw)
                throw .badInput(field: "signature", "libffi cannot pass \(type.brief) by value on this machine")
            }
            isStructure = true
        default:
            members = []
            isStructure = false
            guard let raw = cforeign_scalar(Self.kind(type)) else {
                throw .badInput(field: "signature", "\(type.brief) cannot be passed by value")
            }
            self.raw = raw
        }
    }

    private let isStructure: Bool
    private static let mostMembers = 4096

    deinit {
        if isStructure { cforeign_release(raw) }
    }

    /// Arrays count as so many members, as the calling conventions see them.
    private static func flat(_ type: CType) throws(Failure) -> [ForeignType] {
        let element: CType
        let count: Int
        switch type {
        case .array(let inner, let number): (element, count) = (inner, number)
        case .text(let number, _): (element, count) = (.char, number)
        case .bytes(let number, _): (element, count) = (.integer(CInteger(size: 1, isSigned: false)), number)
        default: return [try ForeignType(type)]
        }
        guard count <= mostMembers else {
            throw .badInput(field: "signature", "a struct by value has more than \(mostMembers) members and elements")
        }
        let one = try ForeignType(element)
        return Array(repeating: one, count: count)
    }

    private static func kind(_ type: CType) -> UInt32 {
        let kind =
            switch type {
            case .void, .structure, .array, .text, .bytes: CFOREIGN_VOID
            case .integer(let integer):
                switch (integer.size, integer.isSigned) {
                case (1, true): CFOREIGN_INT8
                case (1, false): CFOREIGN_UINT8
                case (2, true): CFOREIGN_INT16
                case (2, false): CFOREIGN_UINT16
                case (4, true): CFOREIGN_INT32
                case (4, false): CFOREIGN_UINT32
                case (_, true): CFOREIGN_INT64
                case (_, false): CFOREIGN_UINT64
                }
            case .bool: CFOREIGN_UINT8
            case .char: CChar.min < 0 ? CFOREIGN_INT8 : CFOREIGN_UINT8
            case .float: CFOREIGN_FLOAT
            case .double: CFOREIGN_DOUBLE
            case .string, .pointer: CFOREIGN_POINTER
            }
        return UInt32(kind)
    }
}
