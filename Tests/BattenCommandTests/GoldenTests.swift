import BattenSystem
import Testing

@testable import BattenCommand

/// Everything that is written out of the command table, held by files; BATTEN_UPDATE_GOLDEN writes them anew.
@Suite struct GoldenTests {
    private static let folder = (FileSystem.parent(of: #filePath) ?? ".") + "/Golden"

    @Test func pages() throws {
        let commands = CommandTable.all
        let help = HelpPage(commands: commands, profile: .plain(width: 80))
        let narrow = HelpPage(commands: commands, profile: .plain(width: 20))
        let run = try #require(commands.first { $0.name == "run" })
        let pages: [(name: String, text: String)] = [
            ("help.txt", help.overview()), ("help-run.txt", help.page(run)), ("help-plugin.txt", help.family("plugin")),
            ("help-run-narrow.txt", narrow.page(run)),
            ("batten.1", ManualPage(commands: commands, version: "0.0.0").render()),
            ("batten.bash", CompletionScript(commands: commands).render(.bash)),
            ("batten.zsh", CompletionScript(commands: commands).render(.zsh)),
            ("batten.fish", CompletionScript(commands: commands).render(.fish)),
        ]
        for page in pages {
            let path = "\(Self.folder)/\(page.name)"
            if ProcessEnvironment.variable("BATTEN_UPDATE_GOLDEN") != nil {
                try FileSystem.open(path, .overwrite, mode: 0o644).write(Array(page.text.utf8))
            }
            let expected = String(decoding: try FileSystem.read(path), as: UTF8.self)
            #expect(page.text == expected, "\(page.name) changed; look at it, then set BATTEN_UPDATE_GOLDEN")
        }
    }

    @Test func helpFitsItsWidth() {
        for width in [20, 40, 80, 120] {
            let help = HelpPage(commands: CommandTable.all, profile: .plain(width: width))
            for command in CommandTable.all {
                // Names, examples and labels are never broken; all running text is.
                let tooWide = help.page(command).split(separator: "\n").filter {
                    TextFit.width(String($0)) > width && $0.split(separator: " ").count > 6 && !$0.contains("batten ")
                }
                #expect(tooWide.isEmpty, "\(command.name) at \(width): \(tooWide)")
            }
        }
    }
}
