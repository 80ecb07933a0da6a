import BattenSystem
import TestSupport
import Testing

/// What `scripts/install` puts below a folder works without the sources.
@Suite struct InstallTests {
    private static let build = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."

    private func install(_ arguments: [String]) throws -> Command.Result {
        try Command.run(["\(SourceTree.root)/scripts/install"] + arguments)
    }

    @Test func anInstallationMakesPluginsAndRunsThem() throws {
        let shop = try Workshop()
        let prefix = "\(shop.folder)/opt"
        // Twice: the second time everything is there already.
        for _ in 0..<2 {
            let done = try install(["--prefix", prefix, "--from", Self.build])
            try #require(done.status == 0, "\(done.output)")
        }
        let work = "\(shop.folder)/work"
        try FileSystem.makeFolder(work)
        func batten(_ arguments: String) throws -> String {
            let script = "cd '\(work)' && '\(prefix)/bin/batten' \(arguments)"
            let result = try Command.run(
                [
                    "env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=\(shop.folder)",
                    "BATTEN_HOME=\(shop.folder)/home", "sh", "-c", script,
                ])
            try #require(result.status == 0, "batten \(arguments):\n\(result.output)")
            return result.output
        }
        #expect(try batten("exec shell.run --with script='echo installed' -q").contains("installed"))
        #expect(
            try batten("exec transform.jq --with-json '{\"filter\":\"1+1\"}' -q").contains("2"), "a worker is found")
        _ = try batten("plugin new greeter --lang c")
        for targets in [[], ["test"]] {
            let made = try Command.run(["make", "-C", "\(work)/greeter"] + targets)
            #expect(made.status == 0, "\(made.output)")
        }
        let file = "greeter/build/libbatten-plugin-greeter.so"
        #expect(try batten("plugin check \(file) --only static,probe").contains("0 failed"))
        _ = try batten("plugin install \(file) --yes")
        #expect(try batten("exec greeter.greet --with name=Ada -q").contains("Ada"))
        for file in [
            "share/man/man1/batten.1", "share/bash-completion/completions/batten", "share/zsh/site-functions/_batten",
            "share/fish/vendor_completions.d/batten.fish", "share/batten/sdk/python/batten_build.py",
            "lib/batten/libswiftCore.so",
        ] { #expect(try !FileSystem.read("\(prefix)/\(file)").isEmpty, "\(file)") }
        // Where a machine has no toolchain, each program still finds what it is linked with.
        for program in ["bin/batten", "lib/batten/batten-worker", "lib/batten/plugins/batten-guardian"] {
            let folder = try #require(FileSystem.parent(of: "\(prefix)/\(program)"))
            let entries = try Command.run(["readelf", "-d", "\(prefix)/\(program)"]).output
                .split(whereSeparator: \.isNewline)
            let path = try #require(entries.first { $0.contains("(RUNPATH)") }, "\(program)")
            let searched = path.split { $0 == "[" || $0 == "]" }.last?.split(separator: ":") ?? []
            let reached = searched.filter { $0.hasPrefix("$ORIGIN") }
                .map { "\(folder)\($0.dropFirst("$ORIGIN".count))/libswiftCore.so" }
            #expect(reached.contains { FileSystem.exists($0) }, "\(program) looks in \(searched)")
        }
    }

    @Test func whatCannotBeInstalledIsTold() throws {
        let shop = try Workshop()
        for (arguments, says) in [
            ([], "usage"), (["--prefix"], "needs a folder"), (["--nonsense"], "unknown option --nonsense"),
            (["--prefix", "\(shop.folder)/opt", "--from", shop.folder], "lacks batten batten-worker"),
        ] {
            let result = try install(arguments)
            #expect(result.status == 2 && result.output.contains(says), "\(arguments): \(result.output)")
        }
        #expect(!FileSystem.exists("\(shop.folder)/opt"), "nothing is begun that cannot be finished")
    }
}
