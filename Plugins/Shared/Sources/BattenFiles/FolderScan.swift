public import BattenPlugin
import CFiles

/// Looks for the files that fit a pattern, a piece at a time.
///
/// Symbolic links to files and to folders that the pattern names are followed as long as they stay below the root;
/// `**` goes into no link. One thread at a time.
public final class FolderScan {
    /// A folder that the search goes through, and the component of the pattern that its entries are held against.
    public struct Step: Hashable, Sendable {
        /// The way from the root.
        public var folder: [String]
        /// Index of the component.
        public var position: Int
    }

    /// A file that fits.
    public struct Found: Sendable {
        /// Where it is.
        public var place: Roots.Place
        /// How it stands.
        public var status: FileHandle.Status
    }

    /// The root's place.
    public let root: Roots.Place
    private let segments: [GlobPattern.Segment]
    private var open: [Item] = []
    private var entered: Set<Step> = []
    private var entriesSeen = 0

    /// Is told of each folder before it is looked through.
    public var passes: (FileHandle, Step) throws(Failure) -> Void = { (_, _) throws(Failure) in }
    /// Is told of each file that fits.
    public var finds: (Found) throws(Failure) -> Void = { _ throws(Failure) in }

    /// How many entries one search looks at, and how deep it goes.
    static let mostEntries = 1_000_000
    static let deepest = 100

    private enum Item {
        case enter(Step)
        case list(Listing, Step)
    }

    /// Prepares searches for a pattern, one for each alternative of its braces.
    public static func make(_ pattern: String, field: String, roots: Roots) throws(Failure) -> [FolderScan] {
        var scans: [FolderScan] = []
        for text in try GlobPattern.alternatives(pattern, field: field) {
            var segments: [GlobPattern.Segment] = []
            for part in text.split(separator: "/") where part != "." {
                segments.append(try GlobPattern.segment(String(part), field: field))
            }
            guard !segments.isEmpty, !text.hasSuffix("/") else {
                throw .badInput(field: field, "'\(text)' names no file")
            }
            if segments.last == .anyFolders { segments.append(.pattern([.many], showsHidden: false)) }
            scans.append(try FolderScan(segments, isAbsolute: text.hasPrefix("/"), field: field, roots: roots))
        }
        return scans
    }

    /// Prepares a search for one path as it stands.
    public static func make(path: String, field: String, roots: Roots) throws(Failure) -> FolderScan {
        let place = try roots.place(path, field: field, writing: false)
        guard !place.components.isEmpty else { throw .badInput(field: field, "'\(path)' is a folder; name a file") }
        return FolderScan(root: place, segments: place.components.map(GlobPattern.Segment.name))
    }

    private convenience init(
        _ segments: [GlobPattern.Segment], isAbsolute: Bool, field: String, roots: Roots
    ) throws(Failure) {
        var names: [String] = []
        for segment in segments.dropLast() {
            guard case .name(let name) = segment else { break }
            names.append(name)
        }
        let start = (isAbsolute ? "/" : "./") + names.joined(separator: "/")
        let place = try roots.place(start, field: field, writing: false)
        self.init(
            root: place,
            segments: place.components.map(GlobPattern.Segment.name) + segments.dropFirst(names.count))
    }

    private init(root: Roots.Place, segments: [GlobPattern.Segment]) {
        self.root = root.atRoot
        self.segments = segments
    }

    /// Begins the search from the root.
    public func restart() {
        entered = []
        entriesSeen = 0
        open = [.enter(Step(folder: [], position: 0))]
    }

    /// Looks at one name in a folder that was passed before; what is behind it is searched by ``go(on:)``.
    public func look(at name: String, in step: Step) throws(Failure) {
        entriesSeen = 0
        entered = []
        try visit(name, .unknown, step)
    }

    /// Goes on with the search.
    ///
    /// - Parameter entries: about how many directory entries it may look at.
    /// - Returns: whether the search is over.
    public func go(on entries: Int) throws(Failure) -> Bool {
        var left = entries
        while left > 0, let item = open.popLast() {
            switch item {
            case .enter(let step):
                left -= 1
                try enter(step)
            case .list(let listing, let step):
                // What is found in it comes first, so that no more folders are open than stand in one another.
                let depth = open.count
                while left > 0 {
                    guard let (name, kind) = listing.next() else { break }
                    left -= 1
                    entriesSeen += 1
                    guard entriesSeen <= Self.mostEntries else {
                        throw Failure(
                            .failed, code: "file.limit",
                            "more than \(Self.mostEntries) files and folders would have to be looked at; name a "
                                + "narrower pattern", effect: .none)
                    }
                    try visit(name, kind, step)
                }
                if !listing.isOver { open.insert(.list(listing, step), at: depth) }
            }
        }
        return open.isEmpty
    }

    private func enter(_ step: Step) throws(Failure) {
        guard step.position < segments.count, step.folder.count <= Self.deepest, entered.insert(step).inserted else {
            return
        }
        let place = root.appending(step.folder)
        let handle: FileHandle
        do throws(Failure) {
            guard let found = try place.openIfThere(.path) else {
                if step.folder.isEmpty { throw FileFailure.make("list", place.path, FileFailure.noEntry) }
                return
            }
            handle = found
        } catch {
            // What was met by a pattern alone is passed over where it leads outside.
            if error.code == "file.outside", isMet(step) { return }
            throw error
        }
        guard try handle.status(place.path).kind == .folder else { return }
        try passes(handle, step)
        switch segments[step.position] {
        case .name(let name): try visit(name, .unknown, step)
        case .pattern: try list(place, step)
        case .anyFolders:
            open.append(.enter(Step(folder: step.folder, position: step.position + 1)))
            try list(place, step)
        }
    }

    private func isMet(_ step: Step) -> Bool {
        guard step.position > 0 else { return false }
        if case .name = segments[step.position - 1] { return false }
        return true
    }

    private func list(_ place: Roots.Place, _ step: Step) throws(Failure) {
        guard let handle = try place.openIfThere(.list) else { return }
        open.append(.list(try Listing(handle, place.path), step))
    }

    private func visit(_ name: String, _ kind: FileHandle.Kind, _ step: Step) throws(Failure) {
        guard step.position < segments.count else { return }
        let segment = segments[step.position]
        if segment == .anyFolders {
            guard !name.hasPrefix("."), kind == .folder || kind == .unknown else { return }
            let place = root.appending(step.folder + [name])
            if kind == .unknown {
                // A link must not be followed here, so it is looked at without following it.
                guard try place.statusItself()?.kind == .folder else { return }
            }
            open.append(.enter(Step(folder: step.folder + [name], position: step.position)))
            return
        }
        guard GlobPattern.fits(name, segment) else { return }
        guard step.position == segments.count - 1 else {
            if kind != .regular, kind != .other {
                open.append(.enter(Step(folder: step.folder + [name], position: step.position + 1)))
            }
            return
        }
        guard kind != .folder, kind != .other else { return }
        let place = root.appending(step.folder + [name])
        do throws(Failure) {
            guard let status = try place.openIfThere(.path)?.status(place.path), status.kind == .regular else { return }
            try finds(Found(place: place, status: status))
        } catch {
            if case .name = segment { throw error }
            if error.code != "file.outside" { throw error }
        }
    }
}

/// The entries of a folder.
private final class Listing {
    private var listing: UnsafeMutableRawPointer?

    var isOver: Bool { listing == nil }

    init(_ handle: FileHandle, _ path: String) throws(Failure) {
        let copy = cfiles_duplicate(handle.number)
        guard copy >= 0 else { throw FileFailure.make("list", path, copy) }
        listing = cfiles_list(copy)
        guard listing != nil else { throw FileFailure.make("list", path, FileFailure.inputOutput) }
    }

    deinit {
        if let listing { cfiles_end_list(listing) }
    }

    /// The next entry; names that are not UTF-8 are passed over, because no path could name them.
    func next() -> (String, FileHandle.Kind)? {
        while let open = listing {
            var kind: Int32 = 0
            guard let name = cfiles_next(open, &kind) else {
                cfiles_end_list(open)
                listing = nil
                return nil
            }
            if let text = String(validatingCString: name) { return (text, FileHandle.Kind(kind)) }
        }
        return nil
    }
}
