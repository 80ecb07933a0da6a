/// Replaces what differs from run to run: folders, ids, times.
struct Normaliser {
    let scratch: String
    let program: String

    /// The text with placeholders.
    func text(_ bytes: [UInt8]) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        text = text.replacing(scratch, with: "<scratch>").replacing(program, with: "<program>")
        if let slash = program.lastIndex(of: "/") { text = text.replacing(program[..<slash], with: "<bundled>") }
        text = text.replacing(#/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/#, with: "<time>")
        text = text.replacing(#/(?m)^\d\d:\d\d:\d\d\.\d{3} /#, with: "<clock> ")
        text = text.replacing(#/"seed":"\d+"/#, with: "\"seed\":\"<seed>\"")
        text = text.replacing(#/\b[0-9a-f]{64}\b/#, with: "<hash>")
        text = text.replacing(#/"duration_ms":( ?)\d+/#) { "\"duration_ms\":\($0.output.1)<ms>" }
        text = text.replacing(
            #/\b(run|logs|resume|why|events|status|approve|signal|retry|fork|checkpoints) [a-z2-7]{12}\b/#
        ) {
            "\($0.output.1) <run>"
        }
        text = text.replacing(#/"kept_from":( ?)"[a-z2-7]{12}"/#) { "\"kept_from\":\($0.output.1)\"<run>\"" }
        text = text.replacing(#/"run":( ?)"[a-z2-7]{12}"/#) { "\"run\":\($0.output.1)\"<run>\"" }
        text = text.replacing(#/\b[a-z2-7]{12}@/#, with: "<run>@")
        text = text.replacing(#/\b(in|after|took) (\d+m \d\ds|\d+(\.\d)?s|\d+ms)/#) { "\($0.output.1) <length>" }
        text = text.replacing(#/work/[a-z2-7]{12}\b/#, with: "work/<run>")
        // YAML quotes an id that begins with a digit.
        text = text.replacing(#/(?m)^run: "?[a-z2-7]{12}"?$/#, with: "run: <run>")
        text = text.replacing(#/duration_ms: \d+/#, with: "duration_ms: <ms>")
        return text
    }
}
