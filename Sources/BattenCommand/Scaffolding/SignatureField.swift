internal import BattenSignature

/// The C code for one parameter or the result: how it is declared, read from the input, passed, written and freed.
struct SignatureField {
    /// Its name in input and output.
    let name: String
    /// Its schema.
    private(set) var schema = "{}"
    private(set) var isInput = false
    private(set) var isOutput = false
    private(set) var declarations: [String] = []
    private(set) var reading: [String] = []
    /// Makes out buffers, when everything is read.
    private(set) var room: [String] = []
    /// Fills lengths, when all buffers are there.
    private(set) var measuring: [String] = []
    private(set) var argument = ""
    private(set) var writing: [String] = []
    private(set) var freeing: [String] = []

    /// The variable's name in C, which is no other word of the code around it.
    private var variable: String { "v_\(name)" }

    private init(name: String) {
        self.name = name
    }

    /// The result; nil for `void`.
    static func result(of prototype: CPrototype) throws(SignaturePlugin.Refusal) -> SignatureField? {
        let type = prototype.signature.result
        guard type != .void else { return nil }
        var field = SignatureField(name: "result")
        switch type {
        case .string(let form, let owner):
            try field.refuse(form)
            let isFreed = owner != .borrowed
            field.declarations = ["\(isFreed ? "char *" : "const char *")result = NULL;"]
            field.write(#"batten_put_text(&out, result, result ? strlen(result) : 0);"#)
            if case .freed(let function) = owner { field.freeing = ["if (result) \(function)(result);"] }
        default:
            let spelled = prototype.result ?? "int"
            field.declarations = ["\(spelled) result = 0;"]
            field.write(try field.put("result", type))
        }
        field.schema = try field.schema(of: type)
        return field
    }

    /// A parameter.
    init(parameter index: Int, of prototype: CPrototype) throws(SignaturePlugin.Refusal) {
        let signature = prototype.signature
        self.init(name: signature.label(index))
        let parameter = signature.parameters[index]
        isInput = parameter.takesArgument
        isOutput = parameter.isOutput
        let base = Self.bare(prototype.parameters[index])
        switch parameter.passing {
        case .value(.string(let form, _)):
            try refuse(form)
            takeText(index, signature)
            argument = variable
            schema = #"{"type":["string","null"]}"#
        case .value(let type):
            declarations = ["\(base) \(variable) = 0;"]
            try take(type, as: base)
            argument = variable
            schema = try schema(of: type)
        case .reference(.string(let form, let owner), .out):
            try refuse(form)
            declarations = ["char *\(variable) = NULL;"]
            argument = "&\(variable)"
            write("batten_put_text(&out, \(variable), \(variable) ? strlen(\(variable)) : 0);")
            if case .freed(let function) = owner { freeing = ["if (\(variable)) \(function)(\(variable));"] }
            schema = #"{"type":["string","null"]}"#
        case .reference(let type, let direction):
            declarations = ["\(base) \(variable) = 0;"]
            if direction != .out { try take(type, as: base) }
            if direction != .in { write(try put(variable, type)) }
            argument = "&\(variable)"
            schema = try schema(of: type)
        case .length(let target, _, let direction):
            let length = Self.length(of: target, signature)
            if direction == .inout {
                declarations = ["\(base) \(variable) = 0;"]
                measuring = ["\(variable) = (\(base))\(length);"]
                argument = "&\(variable)"
            } else {
                argument = "(\(base))\(length)"
            }
        case .buffer(.bytes(let form), .in, .given, _) where form != .hex:
            takeText(index, signature)
            argument = "(const void *)\(variable)"
            schema = #"{"type":["string","null"],"description":"The bytes of this text in UTF-8."}"#
        case .buffer(let element, .out, let extent, let used):
            try give(element, extent, used, signature)
        default:
            throw refusal("\(signature.label(index)) is a list, a struct in memory or a buffer of another kind")
        }
    }

    private func refusal(_ what: String) -> SignaturePlugin.Refusal {
        SignaturePlugin.Refusal(
            message:
                "\(what), for which no code is written: make an empty plugin with --lang c and call the function in it")
    }

    /// Text in generated plugins is text.
    private func refuse(_ form: TextForm) throws(SignaturePlugin.Refusal) {
        guard form == .text else { throw refusal("\(name) is text in the form \(form.rawValue)") }
    }

    /// The type of the variable that a pointer points to.
    private static func bare(_ spelled: String?) -> String {
        var words = (spelled ?? "int").split(separator: " ")
        if words.first == "const" { words.removeFirst() }
        if words.last == "*" { words.removeLast() }
        return words.joined(separator: " ")
    }

    private static func length(of target: Int, _ signature: CSignature) -> String {
        if case .buffer(_, _, .fixed(let count), _) = signature.parameters[target].passing { return "\(count)" }
        return "n_\(signature.label(target))"
    }

    // MARK: Reading

    private mutating func take(_ type: CType, as spelled: String) throws(SignaturePlugin.Refusal) {
        let call: String
        let what: String
        switch type {
        case .integer(let integer) where integer.isSigned || integer.size < 8:
            declarations.append("int64_t i_\(name) = 0;")
            call =
                "batten_get_integer(call, \"\(name)\", \(Self.minimum(integer)), INT64_C(\(min(integer.maximum, UInt64(Int64.max)))), &i_\(name))"
            what = "must be an integer from \(integer.minimum) to \(integer.maximum)"
            reading = ["if (!\(call)) wrong = \"\(name): \(what)\";", "\(variable) = (\(spelled))i_\(name);"]
            return
        case .integer(let integer):
            declarations.append("uint64_t i_\(name) = 0;")
            call = "batten_get_unsigned(call, \"\(name)\", &i_\(name))"
            what = "must be an integer, or a text of decimal digits, from 0 to \(integer.maximum)"
            reading = ["if (!\(call)) wrong = \"\(name): \(what)\";", "\(variable) = (\(spelled))i_\(name);"]
            return
        case .bool:
            declarations.append("int i_\(name) = 0;")
            call = "batten_get_bool(call, \"\(name)\", &i_\(name))"
            what = "must be true or false"
        case .float, .double:
            declarations.append("double i_\(name) = 0;")
            call = "batten_get_number(call, \"\(name)\", &i_\(name))"
            what = "must be a number"
        default:
            throw refusal("\(name) is a \(type)")
        }
        reading = ["if (!\(call)) wrong = \"\(name): \(what)\";", "\(variable) = (\(spelled))i_\(name);"]
    }

    private static func minimum(_ integer: CInteger) -> String {
        integer.minimum == Int64.min ? "INT64_MIN" : "INT64_C(\(integer.minimum))"
    }

    private mutating func takeText(_ index: Int, _ signature: CSignature) {
        let isMeasured = signature.parameters.contains {
            if case .length(of: index, _, _) = $0.passing { true } else { false }
        }
        var isBytes = false
        if case .buffer = signature.parameters[index].passing { isBytes = true }
        declarations = ["char *\(variable) = NULL;", "size_t n_\(name) = 0;"]
        reading = [
            "if (!batten_get_text(call, \"\(name)\", \(isBytes ? 1 : 0), &\(variable), &n_\(name)))",
            "    wrong = \"\(name): must be a text\(isBytes ? "" : " without NUL"), or null\";",
        ]
        if !isMeasured { reading.append("(void)n_\(name);") }
        freeing = ["free(\(variable));"]
    }

    // MARK: Writing

    private mutating func write(_ put: String) {
        writing = ["batten_json_raw(&out, \", \\\"\(name)\\\": \");", put]
    }

    private func put(_ variable: String, _ type: CType) throws(SignaturePlugin.Refusal) -> String {
        switch type {
        case .integer(let integer):
            integer.isSigned || integer.size < 8
                ? "batten_json_put(&out, (int64_t)\(variable));" : "batten_put_unsigned(&out, (uint64_t)\(variable));"
        case .bool: "batten_json_raw(&out, \(variable) ? \"true\" : \"false\");"
        case .float, .double: "batten_put_number(&out, (double)\(variable));"
        default: throw refusal("\(name) is a \(type)")
        }
    }

    /// The largest out buffer, in bytes.
    private static let largestRoom = 1 << 26

    /// An out buffer.
    private mutating func give(
        _ element: CParameter.Element, _ extent: CParameter.Extent, _ used: CParameter.Used, _ signature: CSignature
    ) throws(SignaturePlugin.Refusal) {
        let count: String
        switch extent {
        case .fixed(let number): count = "\(number)"
        case .parameter(let target):
            let label = signature.label(target)
            count = "n_\(name)"
            declarations.append("size_t n_\(name) = 0;")
            room = [
                "if ((uint64_t)i_\(label) > \(Self.largestRoom)) wrong = \"\(label): must be from 0 to \(Self.largestRoom)\";",
                "else n_\(name) = (size_t)i_\(label);",
            ]
        case .given: throw refusal("\(name) is an out buffer without a size")
        }
        declarations.append("char *\(variable) = NULL;")
        room.append("if (!wrong && !(\(variable) = (char *)calloc((size_t)\(count) + 1, 1)))")
        room.append("    wrong = \"\(name): there is no memory for it\";")
        freeing = ["free(\(variable));"]
        let length =
            switch used {
            case .all: "(size_t)\(count)"
            case .result: "batten_used((int64_t)result, (size_t)\(count))"
            case .parameter(let target): "batten_used((int64_t)v_\(signature.label(target)), (size_t)\(count))"
            }
        switch element {
        case .text(.text):
            argument = variable
            write("batten_put_text(&out, \(variable), \(used == .all ? "strlen(\(variable))" : length));")
            schema = #"{"type":["string","null"]}"#
        case .bytes:
            argument = "(void *)\(variable)"
            write("batten_put_hex(&out, \(variable), \(length));")
            schema = #"{"type":"string","description":"The bytes in hexadecimal digits."}"#
        default:
            throw refusal("\(name) is a buffer of \(element)")
        }
    }

    private func schema(of type: CType) throws(SignaturePlugin.Refusal) -> String {
        switch type {
        case .integer(let integer) where integer.isSigned || integer.size < 8:
            #"{"type":"integer","minimum":\#(integer.minimum),"maximum":\#(integer.maximum)}"#
        case .integer:
            #"{"anyOf":[{"type":"integer","minimum":0},{"type":"string","pattern":"^[0-9]{1,20}$"}]}"#
        case .bool: #"{"type":"boolean"}"#
        case .float, .double: #"{"anyOf":[{"type":"number"},{"enum":["nan","inf","-inf"]}]}"#
        case .string: #"{"type":["string","null"]}"#
        default: throw refusal("\(name) is a \(type)")
        }
    }
}
