import BattenCore
import Testing

@testable import BattenCommand

/// What command lines mean, and what is said of those that mean nothing.
@Suite struct ParserTests {
    private let parser = CommandParser(commands: CommandTable.all)

    /// Command lines that are understood: the command, its options in one line, its arguments.
    @Test func understands() throws {
        let table: [(line: String, command: String?, options: String, arguments: String)] = [
            ("run a.yaml", "run", "", "FILE|NAME=a.yaml"),
            ("run -p a=1 -p b=2 a.yaml", "run", "param=a=1,b=2", "FILE|NAME=a.yaml"),
            ("run a.yaml --param=a=1", "run", "param=a=1", "FILE|NAME=a.yaml"),
            ("run -pa=1 a.yaml", "run", "param=a=1", "FILE|NAME=a.yaml"),
            ("--home /x run a.yaml -q", "run", "home=/x quiet=", "FILE|NAME=a.yaml"),
            ("run -- -odd.yaml", "run", "", "FILE|NAME=-odd.yaml"),
            ("run -", "run", "", "FILE|NAME=-"),
            ("run a.yaml --format json", "run", "format=json", "FILE|NAME=a.yaml"),
            ("--format json run a.yaml", "run", "format=json", "FILE|NAME=a.yaml"),
            ("plugin list", "plugin list", "", ""),
            ("validate a b c", "validate", "", "FILE=a,b,c"),
            ("logs x y -f", "logs", "follow=", "RUN=x STAGE=y"),
            ("run --help", "run", "help=", ""),
            ("--version", nil, "version=", ""),
            ("", nil, "", ""),
        ]
        for row in table {
            let found = try parser.parse(row.line.split(separator: " ").map(String.init))
            #expect(found.command?.name == row.command, "\(row.line)")
            #expect(Self.text(found.options) == row.options, "\(row.line)")
            #expect(Self.text(found.arguments) == row.arguments, "\(row.line)")
        }
    }

    /// Command lines that are refused: the code, and a word of the help.
    @Test func refuses() {
        let table: [(line: String, code: String, help: String)] = [
            ("rnu a.yaml", "unknown_command", "batten run"),
            ("plugin", "missing_command", "batten help plugin"),
            ("plugin lsit", "unknown_command", "plugin list"),
            ("run", "missing_argument", "usage: batten run"),
            ("run a b", "unexpected_argument", "usage: batten run"),
            ("run a --dryrun", "unknown_option", "--dry-run"),
            ("run a --param", "missing_value", "--param KEY=VALUE"),
            ("run a -p novalue", "bad_value", "city=Oslo"),
            ("run a --quiet=yes", "unexpected_value", "--quiet"),
            ("run a --format xml", "bad_value", "json"),
            ("graph a --format svg", "bad_value", "dot, mermaid"),
            ("run a --params-file x --params-file y", "repeated_option", "once"),
            ("completions tcsh", "bad_value", "bash"),
            ("srve", "unknown_command", "batten serve"),
            ("plugin install", "missing_argument", "batten plugin install"),
            ("trust", "not_in_this_version", "configuration"),
        ]
        for row in table {
            do throws(CommandFailure) {
                _ = try parser.parse(row.line.split(separator: " ").map(String.init))
                Issue.record("understood: \(row.line)")
            } catch {
                #expect(error.code == row.code, "\(row.line)")
                #expect(error.help.contains(row.help), "\(row.line): \(error.help)")
                #expect(error.exit == .usage)
            }
        }
    }

    /// The table itself keeps the rules that help and completion rely on.
    @Test func tableIsSound() {
        #expect(Set(CommandTable.all.map(\.name)).count == CommandTable.all.count)
        for command in CommandTable.all {
            #expect(!command.examples.isEmpty, "\(command.name) has no example")
            #expect(command.examples.allSatisfy { $0.line.contains("batten") }, "\(command.name)")
            #expect(!command.summary.hasSuffix("."), "\(command.name)")
            #expect((1...2).contains(command.path.count), "\(command.name)")
            let names = command.allOptions.map(\.name)
            #expect(Set(names).count == names.count, "\(command.name) names an option twice")
            let letters = command.allOptions.compactMap(\.short)
            #expect(Set(letters).count == letters.count, "\(command.name) uses a letter twice")
        }
    }

    private static func text(_ values: [String: [String]]) -> String {
        values.keys.sorted().map { "\($0)=\(values[$0, default: []].joined(separator: ","))" }.joined(separator: " ")
    }
}
