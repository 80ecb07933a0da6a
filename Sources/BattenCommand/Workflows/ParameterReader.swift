import BattenCore
import BattenSystem

/// Brings the parameters of a run together: a file, options, and the defaults of the workflow.
struct ParameterReader {
    let definitions: [ParameterDefinition]
    let workflow: String

    /// All parameters, checked against their declarations, in their order.
    ///
    /// - Parameters:
    ///   - file: values of `--params-file`, below the options.
    ///   - options: `name=value` texts of `-p`, each read by the type its parameter declares.
    func read(file: JSONObject, options: [String]) throws(CommandFailure) -> JSONObject {
        var given = JSONObject()
        for (name, value) in file {
            let definition = try definition(name, source: "the parameter file")
            given[name] = try check(value, definition)
        }
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let definition = try definition(parts[0], source: "-p")
            let text = parts.count > 1 ? parts[1] : ""
            given[parts[0]] = try check(try value(text, definition), definition)
        }
        var all = JSONObject()
        var missing: [String] = []
        for definition in definitions {
            if let value = given[definition.name] ?? definition.defaultValue {
                all[definition.name] = value
            } else {
                missing.append(definition.name)
            }
        }
        guard missing.isEmpty else {
            let names = missing.map { "'\($0)'" }.joined(separator: ", ")
            throw .usage(
                "missing_parameter",
                "workflow '\(workflow)' needs \(missing.count == 1 ? "the parameter" : "the parameters") \(names)",
                help: "give \(missing.map { "-p \($0)=…" }.joined(separator: " "))")
        }
        return all
    }

    /// A text as a value of the declared type.
    func value(_ text: String, _ definition: ParameterDefinition) throws(CommandFailure) -> JSONValue {
        switch definition.type {
        case .string: return .string(text)
        case .integer:
            guard let number = Int64(text) else { throw mismatch(text, definition, example: "3") }
            return .int(number)
        case .number:
            if let number = Int64(text) { return .int(number) }
            guard let number = Double(text), number.isFinite else { throw mismatch(text, definition, example: "0.5") }
            return .double(number)
        case .boolean:
            switch text {
            case "true": return true
            case "false": return false
            default: throw mismatch(text, definition, example: "true")
            }
        case .array, .object:
            let isArray = definition.type == .array
            guard let value = try? JSONReader.parse(text), definition.type.accepts(value) else {
                throw mismatch(text, definition, example: isArray ? "'[1, 2]'" : "'{\"key\": 1}'")
            }
            return value
        }
    }

    private func definition(_ name: String, source: String) throws(CommandFailure) -> ParameterDefinition {
        if let definition = definitions.first(where: { $0.name == name }) { return definition }
        let names = definitions.map(\.name)
        let all = names.isEmpty ? "it declares none" : "it has: \(names.joined(separator: ", "))"
        throw .usage(
            "unknown_parameter", "workflow '\(workflow)' has no parameter '\(name)' (given by \(source))",
            help: [DidYouMean.help(for: name, in: names), all].joined(" "))
    }

    /// Checks a value against everything the declaration says.
    private func check(_ value: JSONValue, _ definition: ParameterDefinition) throws(CommandFailure) -> JSONValue {
        guard definition.type.accepts(value) else {
            throw .usage(
                "bad_parameter",
                "parameter '\(definition.name)' needs \(Self.article(definition.type)), not \(value.typeName)",
                help: definition.description ?? "")
        }
        let problems = definition.problems(of: value)
        guard let first = problems.first else { return value }
        throw .usage(
            "bad_parameter", "parameter '\(definition.name)' does not fit: \(first)",
            help: definition.description ?? "")
    }

    private func mismatch(_ text: String, _ definition: ParameterDefinition, example: String) -> CommandFailure {
        .usage(
            "bad_parameter",
            "parameter '\(definition.name)' needs \(Self.article(definition.type)), not '\(text)'",
            help: "for example -p \(definition.name)=\(example)")
    }

    private static func article(_ type: ValueType) -> String {
        switch type {
        case .integer, .array, .object: "an \(type.rawValue)"
        default: "a \(type.rawValue)"
        }
    }
}
