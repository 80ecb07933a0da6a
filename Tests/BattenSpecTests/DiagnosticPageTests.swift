import BattenCore
import BattenSpec
import TestSupport
import Testing

/// Codes, pages and examples belong together.
@Suite struct DiagnosticPageTests {
    /// Files for codes whose example cannot be shown as text.
    private static let generated: [DiagnosticCode: [UInt8]] = {
        let head = "name: example\nstages:\n  - {id: a, uses: shell.run, with: {argv: [\"true\"]}}\n"
        var bombs = "name: example\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
        for level in 1...6 {
            bombs +=
                "x\(level): &x\(level) [" + Array(repeating: "*x\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        var many = "name: example\nstages:\n"
        for number in 0...50_000 { many += "- {id: s\(number), uses: a.b}\n" }
        var wrong = head
        for number in 0...1_000 { wrong += "field\(number): 1\n" }
        return [
            .notUTF8: Array("name: caf".utf8) + [0xE9] + Array("\n".utf8),
            .controlCharacter: Array("name: a".utf8) + [0] + Array("\n".utf8),
            .fileTooLarge: [UInt8](repeating: UInt8(ascii: " "), count: (8 << 20) + 1),
            .tooDeep: Array(
                (head + "x: " + String(repeating: "[", count: 101) + String(repeating: "]", count: 101)).utf8),
            .aliasExpansion: Array(bombs.utf8),
            .tooManyStages: Array(many.utf8),
            .tooManyProblems: Array(wrong.utf8),
        ]
    }()

    @Test func everyExampleGivesItsCode() throws {
        let catalog = try StandInCatalog()
        // A file has no lines of a session.
        for page in DiagnosticPage.all where page.code != .badLine {
            #expect(!page.title.isEmpty && page.explanation.count > 40, "\(page.code.rawValue) has no page")
            let bytes = Self.generated[page.code] ?? Array(page.example.utf8)
            #expect(!bytes.isEmpty, "\(page.code.rawValue) has no example")
            let result = WorkflowReader.read(
                path: page.exampleName, bytes: bytes, catalog: catalog,
                children: { .unusable(message: "there is no file '\($0.text)'", help: nil) })
            let codes = result.diagnostics.map(\.code.rawValue)
            #expect(codes.contains(page.code.rawValue), "\(page.code.rawValue) gives \(codes)")
            #expect(Set(codes).count == 1 || page.code == .tooManyProblems, "\(page.code.rawValue) gives \(codes)")
            #expect((result.definition == nil) == (page.code.severity == .error), "\(page.code.rawValue)")
        }
    }

    @Test func pagesAreFoundByWhatPeopleType() {
        #expect(DiagnosticPage.named("e0214")?.code == .unknownOutput)
        #expect(DiagnosticPage.named("E9999") == nil)
        #expect(DiagnosticPage.of(.unknownOutput).text.hasPrefix("error[E0214]: "))
    }
}

/// docs/diagnostics.md is the pages as Markdown.
@Suite struct DiagnosticDocumentTests {
    @Test func theDocumentHoldsEveryPage() {
        let document = SourceTree.lines(of: "docs/diagnostics.md").joined(separator: "\n")
        for page in DiagnosticPage.all {
            #expect(
                document.contains(page.markdown), "docs/diagnostics.md lacks \(page.code.rawValue):\n\(page.markdown)")
        }
    }
}
