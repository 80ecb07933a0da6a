/// Looks up the names by which parameters refer to each other.
struct SignatureLinks {
    let declarations: [SignatureParser.Declaration]
    let passings: [CParameter.Passing]
    let result: CType

    private func fail(_ message: String, _ offset: Int) -> SignatureError {
        SignatureError(message: message, offset: offset)
    }

    private func position(_ name: String, _ offset: Int) throws(SignatureError) -> Int {
        guard let position = declarations.firstIndex(where: { $0.name == name }) else {
            throw fail("there is no parameter '\(name)'", offset)
        }
        return position
    }

    /// Gives the parameters with everything known.
    func parameters() throws(SignatureError) -> [CParameter] {
        var passings = passings
        // Lengths first: a length by itself belongs to the nearest buffer before it, or else to the next one.
        var measured: Set<Int> = []
        for (index, declaration) in declarations.enumerated() where declaration.prefix.lengthOf != nil {
            guard case .length(_, let integer, let direction) = passings[index], let of = declaration.prefix.lengthOf
            else { continue }
            let target = try position(of.name, of.offset)
            guard isMeasurable(target) else { throw fail("'\(of.name)' is no buffer, array or string", of.offset) }
            passings[index] = .length(of: target, integer, direction)
            measured.insert(target)
        }
        for (index, declaration) in declarations.enumerated() {
            guard case .length(let known, let integer, let direction) = passings[index], known < 0 else { continue }
            let before = (0..<index).reversed().first { isMeasurable($0) && !measured.contains($0) }
            let after = (index..<declarations.count).first { isMeasurable($0) && !measured.contains($0) }
            guard let target = before ?? after else {
                throw fail("there is no buffer, array or string whose length this could be", declaration.offset)
            }
            passings[index] = .length(of: target, integer, direction)
            measured.insert(target)
        }
        for (index, declaration) in declarations.enumerated() {
            guard case .buffer(let element, let direction, var extent, var used) = passings[index] else { continue }
            if case .named(let name, let offset) = declaration.brackets {
                let target = try position(name, offset)
                guard isInteger(passings[target], given: true) else {
                    throw fail("'\(name)' is no integer that an argument is given for", offset)
                }
                extent = .parameter(target)
            }
            if let name = declaration.used {
                used = try self.used(name.name, name.offset, passings)
            } else if direction != .in {
                let told = passings.firstIndex {
                    if case .length(of: index, _, .inout) = $0 { true } else { false }
                }
                if let told { used = .parameter(told) }
            }
            passings[index] = .buffer(element, direction, extent, used)
        }
        return zip(declarations, passings).map { CParameter(name: $0.name, passing: $1) }
    }

    private func used(
        _ name: String, _ offset: Int, _ passings: [CParameter.Passing]
    ) throws(SignatureError) -> CParameter.Used {
        if name == "result" {
            guard case .integer = result else { throw fail("the result is no integer", offset) }
            return .result
        }
        let target = try position(name, offset)
        guard isInteger(passings[target], given: false) else {
            throw fail("'\(name)' is no integer that the function writes", offset)
        }
        return .parameter(target)
    }

    private func isInteger(_ passing: CParameter.Passing, given: Bool) -> Bool {
        switch passing {
        case .value(.integer): given
        case .reference(.integer, let direction): given ? direction != .out : direction != .in
        case .length(_, _, .inout): !given
        default: false
        }
    }

    private func isMeasurable(_ index: Int) -> Bool {
        switch passings[index] {
        case .buffer, .value(.string): true
        default: false
        }
    }
}
