/// The signature of a C function, with what C does not say: which way pointers go, how long buffers are, who frees what.
public struct CSignature: Sendable, Hashable {
    /// The function's name, if the signature has one: `double cbrt(double)`.
    public let name: String?
    /// What it gives back.
    public let result: CType
    /// Its parameters in order, the variable ones included.
    public let parameters: [CParameter]
    /// How many of them stand before `...`; nil if the function takes no variable arguments.
    public let fixedCount: Int?

    /// Positions of the parameters that take an argument.
    public var taking: [Int] { parameters.indices.filter { parameters[$0].takesArgument } }
}

/// One parameter.
public struct CParameter: Sendable, Hashable {
    /// Its name, if the signature says one.
    public let name: String?
    /// How it is passed.
    public let passing: Passing

    /// Which way the memory behind a pointer goes.
    public enum Direction: String, Sendable, Hashable {
        /// The function reads it.
        case `in`
        /// The function writes it.
        case out
        /// The function reads and writes it.
        case `inout`
    }

    /// How long the memory behind a pointer is, in elements.
    public enum Extent: Sendable, Hashable {
        /// As long as the argument.
        case given
        /// This long.
        case fixed(Int)
        /// As long as the value of another parameter says.
        case parameter(Int)
    }

    /// How much of the memory counts after the call.
    public enum Used: Sendable, Hashable {
        /// All of it; of text what stands before the first NUL.
        case all
        /// As many elements as the result says.
        case result
        /// As many elements as an out parameter says.
        case parameter(Int)
    }

    /// What a buffer consists of.
    public enum Element: Sendable, Hashable {
        /// Bytes, shown in one of three forms.
        case bytes(TextForm)
        /// Characters up to a NUL.
        case text(TextForm)
        /// Values of one type, as a list.
        case values(CType)

        /// Size of one element in bytes.
        public var size: Int {
            if case .values(let type) = self { type.size } else { 1 }
        }
    }

    /// How a parameter is passed.
    public enum Passing: Sendable, Hashable {
        /// By value.
        case value(CType)
        /// As a pointer to one value.
        case reference(CType, Direction)
        /// As a pointer to the first of several elements.
        case buffer(Element, Direction, Extent, Used)
        /// The length of a buffer, which no argument is needed for; `inout` is a pointer, and says the used length after.
        case length(of: Int, CInteger, Direction)
    }

    /// Whether the call's arguments hold a value for it.
    public var takesArgument: Bool {
        switch passing {
        case .value: true
        case .reference(_, let direction), .buffer(_, let direction, _, _): direction != .out
        case .length: false
        }
    }

    /// Whether it is an output of the call.
    public var isOutput: Bool {
        switch passing {
        case .value, .length: false
        case .reference(_, let direction), .buffer(_, let direction, _, _): direction != .in
        }
    }
}

/// Why a signature cannot be used.
public struct SignatureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public let message: String
    /// Where, in bytes from the start.
    public let offset: Int

    /// The message with its place.
    public var description: String { "\(message) (at character \(offset + 1))" }
}
