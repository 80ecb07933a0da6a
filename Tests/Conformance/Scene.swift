import BattenSystem
import TestSupport

/// Runs shell scripts against the built program, each in a folder and with a home of its own.
enum Scene {
    /// What a script can use: `batten`, `$BATTEN`, `await FILE`, and `await_line FILE PATTERN`.
    private static let helpers = """
        batten() { "$BATTEN" "$@"; }
        await() { for _ in $(seq 1200); do [ -e "$1" ] && return; sleep 0.025; done; echo "no $1"; exit 99; }
        await_line() {
            for _ in $(seq 1200); do grep -q -- "$2" "$1" 2> /dev/null && return; sleep 0.025; done
            echo "no '$2' in $1:"; cat "$1"; exit 99
        }
        status_of() { batten status "$1" --format json | grep -m1 '"status"' | cut -d'"' -f4; }

        """

    /// Runs a script.
    ///
    /// - Parameter seconds: when it is killed.
    /// - Returns: its exit code, the lines it wrote, and what went to its standard error.
    static func play(
        _ script: String, seconds: Int = 90
    ) throws -> (status: Int32, lines: [Substring], errors: String) {
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-scene-")
        defer { _ = try? Command.run(["rm", "-rf", scratch]) }
        let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        let prelude = """
            cd '\(scratch)'; export HOME='\(scratch)' BATTEN_HOME='\(scratch)/home' BATTEN='\(program)'
            exec 2> errors
            # What the script leaves running goes with it.
            trap 'for job in $(jobs -p); do kill -KILL $job 2> /dev/null; done' EXIT

            """
        let result = try Command.run(["timeout", "-k", "5", "\(seconds)", "bash", "-c", prelude + helpers + script])
        let errors = String(decoding: (try? FileSystem.read("\(scratch)/errors")) ?? [], as: UTF8.self)
        return (result.status, result.output.split(separator: "\n"), errors)
    }
}
