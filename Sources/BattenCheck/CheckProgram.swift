import BattenCore
import BattenPluginHost
public import BattenSystem

/// One check of a plugin, in a process of its own.
public enum CheckProgram {
    /// Carries out a check and prints what it found, as one line of JSON, on standard output.
    ///
    /// - Parameters:
    ///   - check: the check's name.
    ///   - path: the plugin's file, for messages.
    ///   - copy: where the bytes are that are loaded.
    ///   - seed: decides what is made by chance.
    ///   - spool: where large blobs lie; empty keeps them in memory.
    ///   - confine: takes rights away from this process; called before anything of the plugin runs.
    /// - Returns: the exit status: 0 when the check was carried out, whatever it found.
    public static func run(
        _ check: String, path: String, copy: String, seed: UInt64, spool: String,
        confine: () throws(SystemError) -> Void
    ) -> Int32 {
        var findings = CheckFindings()
        do throws(SystemError) {
            StandardStream.surviveClosedPipes()
            try confine()
        } catch {
            findings.skipped = "this process could not be confined: \(error.description)"
            return say(findings)
        }
        if check == "load" {
            ProbeChecks.load(path: path, copy: copy, into: &findings)
            return say(findings)
        }
        do throws(PluginError) {
            let subject = try CheckSubject(path: path, copy: copy)
            switch check {
            case "entry": ProbeChecks.entry(subject, into: &findings)
            case "modes":
                try ModeChecks.run(
                    subject, seed: seed, into: &findings,
                    trial: { () throws(PluginError) in
                        try PluginTrial(path: path, copy: copy, spool: spool.isEmpty ? nil : spool)
                    })
            default:
                guard let body = ContractChecks.all[check] else {
                    findings.skipped = "there is no check \(check)"
                    break
                }
                let before = ProcessState.now()
                var run = ContractRun(subject, seed: seed)
                body(&run)
                findings = run.findings
                // A call that did not end keeps what it has.
                if findings.broken.isEmpty { LeftBehind.blobs(since: before, into: &findings) }
            }
        } catch {
            findings.skipped = "the plugin cannot be loaded: \(error.description)"
        }
        return say(findings)
    }

    private static func say(_ findings: CheckFindings) -> Int32 {
        let line = JSONWriter.bytes(findings.json) + [0x0a]
        return StandardStream.output.write(line) == .written ? 0 : 1
    }
}
