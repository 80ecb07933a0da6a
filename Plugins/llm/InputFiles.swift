import BattenPlugin
import BattenTransfer

/// Reads the files that an input names: images, and texts of the context.
enum InputFiles {
    private typealias Contents = [String: Result<[UInt8], TransferFailure>]

    /// Gives the input with the bytes of its images and its context packed, later, on the loop's thread; at once if it
    /// names no file.
    static func load(
        _ input: ChatInput, context: Context, loop: Loop, pool: WorkerPool,
        done: @escaping (Result<ChatInput, Failure>) -> Void
    ) {
        var paths: [(path: String, limit: Int)] = []
        for message in input.messages {
            for image in message.images {
                if case .file(let path) = image.source { paths.append((path, ChatImage.largest)) }
            }
        }
        paths += input.context.compactMap { entry in entry.file.map { ($0, ContextEntry.largestFile) } }
        func finish(_ contents: Contents) {
            done(Result { () throws(Failure) in try filled(input, contents, context) })
        }
        guard !paths.isEmpty else { return finish([:]) }
        let folder = context.workingDirectory
        let answer = Answer(finish)
        let isTaken = pool.run { [paths] in
            var contents: Contents = [:]
            for (path, limit) in paths where contents[path] == nil {
                let whole = path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
                contents[path] = LocalFile.read(whole, limit: limit)
            }
            let found = contents
            loop.post { answer.take(found) }
        }
        if !isTaken { done(.failure(.stopped(.shutdown, effect: .none))) }
    }

    private static func filled(_ input: ChatInput, _ contents: Contents, _ context: Context) throws(Failure)
        -> ChatInput
    {
        func bytes(_ path: String, _ what: String) throws(Failure) -> [UInt8] {
            switch contents[path] {
            case .success(let bytes)?: return bytes
            case .failure(let failure)?:
                throw Failure(.badInput, code: failure.code, "\(what): \(failure.message)", effect: .none)
            case nil: throw .badInput(field: what, "was not read")
            }
        }
        var input = input
        for index in input.messages.indices {
            for place in input.messages[index].parts.indices {
                guard case .image(var image) = input.messages[index].parts[place], case .file(let path) = image.source
                else { continue }
                image.source = try ChatImage.data(try bytes(path, "image"), "image '\(path)'")
                input.messages[index].parts[place] = .image(image)
            }
        }
        var sections: [String] = []
        for var entry in input.context {
            if let file = entry.file {
                let content = try bytes(file, "context '\(entry.name)'")
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw .badInput(field: "context '\(entry.name)'", "the file '\(file)' is no text in UTF-8")
                }
                entry.pieces = [ContextEntry.Piece(text: text, confidence: nil)]
            }
            let (text, note) = entry.packed()
            if let note { context.log(.info, note) }
            if !text.isEmpty { sections.append("<context name=\"\(entry.name)\">\n\(text)\n</context>") }
        }
        input.context = []
        if !sections.isEmpty {
            input.system = ([input.system].compactMap { $0 } + sections).joined(separator: "\n\n")
        }
        return input
    }

    /// What is to be done with the files, on its way over another thread.
    private final class Answer: @unchecked Sendable {
        // SAFETY: only the loop's thread, to which the answer is posted, calls the function.
        let take: (Contents) -> Void

        init(_ take: @escaping (Contents) -> Void) {
            self.take = take
        }
    }
}
