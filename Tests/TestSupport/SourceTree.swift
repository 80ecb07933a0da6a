import BattenSystem

/// The project's own source files, for tests that read them.
public enum SourceTree {
    /// The folder that holds Package.swift.
    public static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// Files below a folder, as paths relative to the root, sorted; build folders are left out.
    public static func files(under folder: String, ending: String) -> [String] {
        var found: [String] = []
        var open = [folder]
        while let next = open.popLast() {
            for name in (try? FileSystem.list("\(root)/\(next)")) ?? [] where !name.hasPrefix(".") {
                let path = "\(next)/\(name)"
                let status = try? FileSystem.status("\(root)/\(path)")
                if status?.kind == .folder {
                    open.append(path)
                } else if name.hasSuffix(ending) {
                    found.append(path)
                }
            }
        }
        return found.sorted()
    }

    /// Folders directly in a folder, as paths relative to the root, sorted.
    public static func folders(under folder: String) -> [String] {
        ((try? FileSystem.list("\(root)/\(folder)")) ?? []).map { "\(folder)/\($0)" }
            .filter { (try? FileSystem.status("\(root)/\($0)"))?.kind == .folder }.sorted()
    }

    /// The lines of a file; none when it cannot be read.
    public static func lines(of file: String) -> [Substring] {
        guard let bytes = try? FileSystem.read("\(root)/\(file)") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Modules that a Swift file imports.
    public static func imports(of file: String) -> [String] {
        lines(of: file).compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place < 3, !line.hasPrefix("//") else { return nil }
            guard
                words[..<place].allSatisfy({
                    ["public", "package", "internal", "private", "@testable", "@preconcurrency"].contains($0)
                })
            else { return nil }
            guard let module = words.dropFirst(place + 1).last else { return nil }
            return module.split(separator: ".").first.map(String.init)
        }
    }
}
