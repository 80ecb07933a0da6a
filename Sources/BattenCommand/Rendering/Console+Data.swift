import BattenCore

extension Console {
    /// Writes a value in a data format.
    func data(_ value: JSONValue, _ format: OutputFormat) {
        switch format {
        case .yaml: write(YAMLText.render(value))
        case .ndjson: line(JSONWriter.string(value))
        case .json, .text, .csv, .dot, .mermaid: line(JSONWriter.string(value, style: .pretty))
        }
    }

    /// Writes an error of the command itself: as data on standard output for programs, as words for people.
    func report(_ failure: CommandFailure, _ format: OutputFormat) {
        if format.isData {
            data(failure.json, format)
            flush()
            return
        }
        flush()
        rawErrors("\(errors.paint("error:", .bold, .red)) \(TextFit.cleanLines(failure.message))\n")
        if !failure.help.isEmpty {
            rawErrors("  \(errors.paint("= help:", .blue)) \(TextFit.cleanLines(failure.help))\n")
        }
    }
}

extension TextFit {
    /// Text of several lines without anything else a terminal would act on.
    static func cleanLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { clean(String($0)) }.joined(separator: "\n")
    }
}
