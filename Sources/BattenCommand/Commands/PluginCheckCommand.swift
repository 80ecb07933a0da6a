import BattenCore
import BattenPluginHost
import BattenSystem

/// `batten plugin check FILE`.
enum PluginCheckCommand {
    static let description = CommandDescription(
        "plugin check", .plugins, "hold a plugin's file against the rules of the plugin header",
        details: [
            "Each check runs in a process of its own that has no network, starts no processes and writes no files, so that "
                + "calls can be made with made-up inputs. A failure names the rule of docs/plugins/rules.md that is "
                + "broken. The exit code is 1 when a rule is broken.",
            "Inputs are made by chance from a seed, which is told when something fails: --seed makes the same ones again.",
        ],
        arguments: [ArgumentDescription("FILE", .optional, .file, "the plugin's file, libbatten-plugin-<id>.so")],
        options: [
            .value(
                "only", "NAMES", repeated: true,
                "checks or groups to carry out: static, probe, contract, fault, calls …"),
            .value("seed", "NUMBER", .integer(0...Int.max), "what inputs are made from"),
            .value("reproduce", "CHECK:SEED", .text, "carry out one check again, as a failure told"),
            .value("junit", "FILE", .file, "write the results as JUnit XML too"),
            .flag("list", "list the checks and carry out none"),
        ],
        examples: [
            CommandExample("batten plugin check ./libbatten-plugin-hello.so", "carries out every check"),
            CommandExample("batten plugin check build/libbatten-plugin-hello.so --only static,probe", "the quick ones"),
        ],
        exits: [.runFailed, .plugin],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let (checks, seed) = try selection(invocation)
        let console = context.console
        guard !invocation.has("list") else {
            list(checks, context)
            return .done
        }
        guard let file = invocation.argument("FILE") else {
            throw .usage(
                "missing_argument", "'batten plugin check' needs FILE: the plugin's file",
                help: "for example build/libbatten-plugin-hello.so")
        }
        let path = context.absolute(file)
        let settings = try context.host().settings
        let isText = !invocation.format.isData
        let results = try asFailure { () throws(PluginError) in
            try PluginChecker(path, settings: settings, seed: seed).run(checks) { result in
                if isText { show(result, seed: seed, console) }
            }
        }
        if let file = invocation.value("junit") {
            do throws(SystemError) {
                let text = JUnitText.document(results, path: path)
                try FileSystem.writeAtomically(Array(text.utf8), to: context.absolute(file), mode: 0o644)
            } catch {
                throw .usage("unwritable_file", error.description, help: "choose another file for --junit")
            }
        }
        let failed = results.count { $0.verdict == .failed }
        if isText {
            let passed = results.count { $0.verdict == .passed }
            console.line("\(passed) passed, \(failed) failed, \(results.count - passed - failed) not applicable")
        } else {
            console.data(json(results, path: path, seed: seed), invocation.format)
        }
        return failed == 0 ? .done : .runFailed
    }

    private static func selection(_ invocation: Invocation) throws(CommandFailure) -> ([PluginCheck], UInt64) {
        var names = invocation.values("only").flatMap { $0.split(separator: ",").map(String.init) }
        var seed = invocation.integer("seed").map { UInt64($0) }
        if let text = invocation.value("reproduce") {
            let parts = text.split(separator: ":").map(String.init)
            guard parts.count == 2, let number = UInt64(parts[1]) else {
                throw .usage("bad_value", "--reproduce needs CHECK:SEED, not '\(text)'", help: "for example inputs:42")
            }
            names = [parts[0]]
            seed = number
        }
        let seedOrOne = seed ?? UInt64.random(in: 1...999_999)
        guard !names.isEmpty else { return (PluginCheck.all, seedOrOne) }
        let known = PluginCheck.all.map(\.name) + PluginCheck.Group.allCases.map(\.rawValue)
        for name in names where !known.contains(name) {
            throw .usage(
                "unknown_check", "there is no check '\(name)'",
                help: [DidYouMean.help(for: name, in: known), "--list shows them"].joined(" "))
        }
        return (PluginCheck.all.filter { names.contains($0.name) || names.contains($0.group.rawValue) }, seedOrOne)
    }

    private static func list(_ checks: [PluginCheck], _ context: CommandContext) {
        if context.invocation.format.isData {
            let items = checks.map { check -> JSONValue in
                .object([
                    "check": .string(check.name), "group": .string(check.group.rawValue), "title": .string(check.title),
                ])
            }
            context.console.data(.object(["items": .array(items), "next_cursor": .null]), context.invocation.format)
            return
        }
        var table = TextTable([.fixed("CHECK"), .fixed("GROUP"), .flexible("WHAT IS LOOKED AT")])
        for check in checks { table.add([check.name, check.group.rawValue, check.title]) }
        context.console.write(table.render(context.console.output))
    }

    private static func show(_ result: PluginCheckResult, seed: UInt64, _ console: Console) {
        let profile = console.output
        let (sign, tone): (String, Tone) =
            switch result.verdict {
            case .passed: ("✓ ok  ", .green)
            case .failed: ("✗ bad ", .red)
            case .skipped: ("- n/a ", .yellow)
            }
        console.line(
            "\(profile.paint(sign, tone)) \(result.check.group.rawValue) \(result.check.name): \(result.check.title)"
                + (result.skipped.map { " (\(TextFit.clean($0)))" } ?? ""))
        for broken in result.broken {
            console.line("         rule \(broken.rule.rawValue): \(TextFit.clean(broken.message))")
            console.line("         \(broken.rule.sentence)")
        }
        if result.verdict == .failed, result.check.group != .static {
            console.line("         again: --reproduce \(result.check.name):\(seed)")
        }
        for note in result.notes { console.line("         note: \(TextFit.clean(note))") }
        console.flush()
    }

    private static func json(_ results: [PluginCheckResult], path: String, seed: UInt64) -> JSONValue {
        .object([
            "path": .string(path), "seed": .int(Int64(clamping: seed)),
            "passed": .bool(results.allSatisfy { $0.verdict != .failed }),
            "items": .array(
                results.map { result in
                    .object([
                        "check": .string(result.check.name), "group": .string(result.check.group.rawValue),
                        "verdict": .string(result.verdict.rawValue),
                        "broken": .array(
                            result.broken.map { broken in
                                .object([
                                    "rule": .string(broken.rule.rawValue), "message": .string(broken.message),
                                    "help": .string(broken.rule.sentence),
                                ])
                            }),
                        "notes": .array(result.notes.map(JSONValue.string)),
                        "skipped": result.skipped.map { .string($0) } ?? .null,
                        "duration_ms": .int(Int64(result.milliseconds)),
                    ])
                }),
        ])
    }
}

/// Results of checks as JUnit XML.
enum JUnitText {
    static func document(_ results: [PluginCheckResult], path: String) -> String {
        let failed = results.count { $0.verdict == .failed }
        let skipped = results.count { $0.verdict == .skipped }
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuite name=\"\(escape(path))\" tests=\"\(results.count)\" failures=\"\(failed)\" "
        text += "skipped=\"\(skipped)\">\n"
        for result in results {
            let seconds = Double(result.milliseconds) / 1_000
            text += "  <testcase classname=\"\(result.check.group.rawValue)\" name=\"\(escape(result.check.name))\" "
            text += "time=\"\(seconds)\">\n"
            for broken in result.broken {
                text += "    <failure type=\"\(broken.rule.rawValue)\" message=\"\(escape(broken.message))\"/>\n"
            }
            if result.verdict == .skipped { text += "    <skipped message=\"\(escape(result.skipped ?? ""))\"/>\n" }
            text += "  </testcase>\n"
        }
        return text + "</testsuite>\n"
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
