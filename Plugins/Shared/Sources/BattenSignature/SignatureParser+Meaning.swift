/// What declarations mean, by where they stand.
extension SignatureParser {
    /// A type without a direction: of a struct's member or a result.
    private func value(_ declaration: Declaration) throws(SignatureError) -> CType {
        let prefix = declaration.prefix
        switch declaration.base {
        case .void:
            switch declaration.stars {
            case 0: return .void
            default: return .pointer(nil)
            }
        case .bytes:
            throw fail("bytes has no length here: write bytes[16] in a struct, or pointer", at: declaration.offset)
        case .opaque(let name):
            return .pointer(declaration.stars == 1 ? name : nil)
        case .type(.char) where declaration.stars == 1:
            return .string(prefix.form ?? .text, prefix.owner ?? .borrowed)
        case .type(.string(_, _)) where declaration.stars > 0, .type(.pointer(_)) where declaration.stars > 0:
            return .pointer(nil)
        case .type(let type):
            return declaration.stars == 0 ? type : .pointer(nil)
        }
    }

    private func refuseExtras(_ declaration: Declaration, _ place: String) throws(SignatureError) {
        if declaration.prefix.direction != nil { throw fail("\(place) has no direction", at: declaration.offset) }
        if declaration.prefix.isLength { throw fail("'length' is for parameters", at: declaration.offset) }
        if let used = declaration.used { throw fail("'used' is for out buffers", at: used.offset) }
    }

    private func checkForm(_ declaration: Declaration, fits: Bool) throws(SignatureError) {
        guard let form = declaration.prefix.form, !fits else { return }
        throw fail("'\(form.rawValue)' goes with string, char[…] and bytes", at: declaration.offset)
    }

    private func checkOwner(_ declaration: Declaration, of type: CType) throws(SignatureError) {
        guard let owner = declaration.prefix.owner else { return }
        if case .string = type { return }
        let word = owner == .borrowed ? "borrowed" : "free"
        throw fail("'\(word)' goes with a string that the function gives back", at: declaration.offset)
    }

    private func isText(_ type: CType) -> Bool {
        switch type {
        case .string, .text, .bytes: true
        default: false
        }
    }

    /// A member of a struct.
    func member(_ declaration: Declaration) throws(SignatureError) -> (name: String?, type: CType) {
        try refuseExtras(declaration, "a member of a struct")
        if here.kind == .sign("(") { throw fail(Self.callbackRefusal) }
        var type: CType
        if case .bytes = declaration.base, declaration.stars == 0, case .fixed(let count) = declaration.brackets {
            type = .bytes(count, declaration.prefix.form ?? .base64)
        } else {
            type = try value(declaration)
            switch declaration.brackets {
            case nil: break
            case .fixed(let count):
                if case .type(.char) = declaration.base, declaration.stars == 0 {
                    type = .text(count, declaration.prefix.form ?? .text)
                } else {
                    guard type != .void else { throw fail("there are no values of void", at: declaration.offset) }
                    guard count <= CType.largestSize, type.size * count <= CType.largestSize else {
                        throw fail("the array is larger than \(CType.largestSize) bytes", at: declaration.offset)
                    }
                    type = .array(type, count)
                }
            case .given, .named:
                throw fail("an array in a struct has a fixed length, as in int32[4]", at: declaration.offset)
            }
        }
        guard type != .void else { throw fail("there are no values of void", at: declaration.offset) }
        guard type.size <= CType.largestSize else {
            throw fail("the member is larger than \(CType.largestSize) bytes", at: declaration.offset)
        }
        try checkForm(declaration, fits: isText(type))
        try checkOwner(declaration, of: type)
        if case .freed = declaration.prefix.owner {
            throw fail("text inside a struct can only be borrowed", at: declaration.offset)
        }
        return (declaration.name, type)
    }

    /// What a function gives back.
    func result(_ declaration: Declaration) throws(SignatureError) -> CType {
        try refuseExtras(declaration, "a result")
        guard declaration.brackets == nil else {
            throw fail(
                "a function gives back no array: use pointer, and copy it with another call", at: declaration.offset)
        }
        let type = try value(declaration)
        try checkForm(declaration, fits: isText(type))
        try checkOwner(declaration, of: type)
        return type
    }

    /// How a parameter is passed, before names are looked up.
    func passing(_ declaration: Declaration) throws(SignatureError) -> CParameter.Passing {
        let prefix = declaration.prefix
        let passing: CParameter.Passing
        if prefix.isLength {
            guard case .type(.integer(let integer)) = declaration.base, declaration.stars <= 1,
                declaration.brackets == nil,
                prefix.direction != .out
            else {
                throw fail("a length is an integer, by value or inout", at: declaration.offset)
            }
            guard declaration.stars == 0 || prefix.direction == .inout else {
                throw fail("a pointer to a length is inout", at: declaration.offset)
            }
            passing = .length(of: -1, integer, prefix.direction == .inout ? .inout : .in)
        } else if let brackets = declaration.brackets {
            passing = try buffer(declaration, brackets)
        } else {
            passing = try single(declaration)
        }
        switch passing {
        case .value(let type), .reference(let type, _):
            try checkForm(declaration, fits: isText(type))
            try checkOwner(declaration, of: type)
        case .buffer(.values(let type), _, _, _):
            try checkForm(declaration, fits: isText(type))
            try checkOwner(declaration, of: type)
        case .buffer:
            try checkOwner(declaration, of: .void)
        case .length:
            try checkForm(declaration, fits: false)
            try checkOwner(declaration, of: .void)
        }
        if case .freed = prefix.owner {
            guard case .reference(_, .out) = passing else {
                throw fail("'free' goes with a result or an out string", at: declaration.offset)
            }
        }
        if let used = declaration.used {
            guard case .buffer(_, let direction, _, _) = passing, direction != .in else {
                throw fail("'used' goes with an out buffer", at: used.offset)
            }
        }
        return passing
    }

    private func single(_ declaration: Declaration) throws(SignatureError) -> CParameter.Passing {
        let prefix = declaration.prefix
        switch (declaration.base, declaration.stars, prefix.direction) {
        case (.void, 0, _):
            throw fail("a parameter is not void: write () if there is none", at: declaration.offset)
        case (.bytes, 0, .out):
            throw fail(
                "an out buffer needs its size: out bytes[256], or bytes[n] with a parameter n", at: declaration.offset)
        case (.bytes, 0, let direction):
            return .buffer(.bytes(prefix.form ?? .base64), direction ?? .in, .given, .all)
        case (.bytes, _, _):
            throw fail("bytes is a pointer already: write it without *", at: declaration.offset)
        case (.type(.char), 1, .out), (.type(.char), 1, .inout):
            throw fail("is this text? write out char name[256], with the size of the buffer", at: declaration.offset)
        case (.type(.integer(CInteger(size: 1, isSigned: false))), 1, nil) where prefix.isConstant:
            return .buffer(.bytes(prefix.form ?? .base64), .in, .given, .all)
        case (_, _, nil):
            if case .type(let type) = declaration.base, declaration.stars == 1, type != .char {
                if prefix.isConstant { return .reference(type, .in) }
                throw fail(
                    "a pointer needs its direction: in (the function reads it), out (writes it), or inout",
                    at: declaration.offset)
            }
            if declaration.stars > 1 {
                throw fail("a pointer to a pointer needs its direction: in, out or inout", at: declaration.offset)
            }
            return .value(try value(declaration))
        case (_, let stars, let direction?):
            // One star belongs to the direction.
            var inner = declaration
            let ownStar: Bool
            switch declaration.base {
            case .opaque, .void: ownStar = stars > 1
            default: ownStar = stars > 0
            }
            if ownStar { inner.stars -= 1 }
            guard inner.stars <= 1 else { throw fail("there are too many *", at: declaration.offset) }
            let type = try value(inner)
            guard type != .void else { throw fail("there are no values of void", at: declaration.offset) }
            return .reference(type, direction)
        }
    }

    private func buffer(
        _ declaration: Declaration, _ brackets: Brackets
    ) throws(SignatureError) -> CParameter.Passing {
        let prefix = declaration.prefix
        let direction = prefix.direction ?? .in
        let element: CParameter.Element
        switch (declaration.base, declaration.stars) {
        case (.bytes, 0): element = .bytes(prefix.form ?? .base64)
        case (.type(.char), 0): element = .text(prefix.form ?? .text)
        default:
            let type = try value(declaration)
            guard type != .void else { throw fail("there are no values of void", at: declaration.offset) }
            element = .values(type)
        }
        let extent: CParameter.Extent
        switch brackets {
        case .given:
            guard direction != .out else {
                throw fail("an out buffer needs its size, a number or the name of a parameter", at: declaration.offset)
            }
            extent = .given
        case .fixed(let count):
            guard count * element.size <= Self.mostElements else {
                throw fail("the buffer is larger than \(Self.mostElements) bytes", at: declaration.offset)
            }
            extent = .fixed(count)
        case .named(_, let offset):
            guard direction == .out else {
                throw fail("only an out buffer takes its size from a parameter", at: offset)
            }
            extent = .parameter(-1)
        }
        return .buffer(element, direction, extent, .all)
    }
}
