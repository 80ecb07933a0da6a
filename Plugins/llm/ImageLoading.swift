import BattenPlugin
import BattenTransfer

/// Reads the images of a conversation that are files.
enum ImageLoading {
    /// Gives the conversation with the bytes of its images, later, on the loop's thread; at once if none is a file.
    static func load(
        _ messages: [ChatMessage], context: Context, loop: Loop, pool: WorkerPool,
        done: @escaping (Result<[ChatMessage], Failure>) -> Void
    ) {
        var paths: [String] = []
        for message in messages {
            for image in message.images { if case .file(let path) = image.source { paths.append(path) } }
        }
        guard !paths.isEmpty else { return done(.success(messages)) }
        let folder = context.workingDirectory
        let answer = Answer { contents in
            done(Result { () throws(Failure) in try filled(messages, contents) })
        }
        let isTaken = pool.run { [paths] in
            var contents: [String: Result<[UInt8], TransferFailure>] = [:]
            for path in paths where contents[path] == nil {
                let whole = path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
                contents[path] = LocalFile.read(whole, limit: ChatImage.largest)
            }
            let found = contents
            loop.post { answer.take(found) }
        }
        if !isTaken { done(.failure(.stopped(.shutdown, effect: .none))) }
    }

    private static func filled(
        _ messages: [ChatMessage], _ contents: [String: Result<[UInt8], TransferFailure>]
    ) throws(Failure) -> [ChatMessage] {
        var messages = messages
        for index in messages.indices {
            for place in messages[index].parts.indices {
                guard case .image(var image) = messages[index].parts[place], case .file(let path) = image.source,
                    let content = contents[path]
                else { continue }
                switch content {
                case .success(let bytes): image.source = try ChatImage.data(bytes, "image '\(path)'")
                case .failure(let failure):
                    throw Failure(.badInput, code: failure.code, "image: \(failure.message)", effect: .none)
                }
                messages[index].parts[place] = .image(image)
            }
        }
        return messages
    }

    /// What is to be done with the files, on its way over another thread.
    private final class Answer: @unchecked Sendable {
        // SAFETY: only the loop's thread, to which the answer is posted, calls the function.
        let take: ([String: Result<[UInt8], TransferFailure>]) -> Void

        init(_ take: @escaping ([String: Result<[UInt8], TransferFailure>]) -> Void) {
            self.take = take
        }
    }
}
