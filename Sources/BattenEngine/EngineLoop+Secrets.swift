import BattenCore
import BattenSystem

/// Secrets of runs: masked in what is told, sealed in what is kept.
extension EngineLoop {
    /// The value of what an executor gave, secrets in it sealed, to be kept and passed on.
    func sealed(_ value: JSONValue, of run: ActiveRun) -> JSONValue {
        var key: SecretKey?
        let sealed = run.masker.sealing(value) { bytes, kind in
            if key == nil { key = settings.outputKeys.sealing() }
            guard let key else { return SecretMasker.replacement }
            return SealedText.seal(bytes, kind, key: key, nonce: Entropy.bytes(SecretKey.nonceLength))
        }
        return sealed ?? value
    }

    /// The bytes of what an executor saved for its next attempt, sealed as a whole when they hold a secret.
    func sealed(checkpoint: [UInt8], of run: ActiveRun) -> [UInt8] {
        guard run.masker.mask(checkpoint) != checkpoint else { return checkpoint }
        guard let key = settings.outputKeys.sealing() else { return [] }
        let nonce = Entropy.bytes(SecretKey.nonceLength)
        return Array(SealedText.seal(checkpoint, .text, key: key, nonce: nonce).utf8)
    }

    /// What an attempt saved, opened; nil when the key of what is sealed is not here.
    func opened(checkpoint: [UInt8]) -> [UInt8]? {
        SealedText.opened(checkpoint) { settings.outputKeys.key($0) }
    }

    /// Opens a value for an executor; what was sealed in it is masked from now on.
    func open(_ value: JSONValue, of run: ActiveRun) -> Result<JSONValue, SealedText.Trouble> {
        var revealed: Set<String> = []
        do throws(SealedText.Trouble) {
            let opened = try SealedText.open(
                value, revealed: { revealed.insert($0) }, key: { settings.outputKeys.key($0) })
            if !revealed.isSubset(of: run.revealed) {
                run.revealed.formUnion(revealed)
                mask(run)
            }
            return .success(opened)
        } catch {
            return .failure(error)
        }
    }

    /// Has everything masked that the run may know.
    func mask(_ run: ActiveRun) {
        let known = run.secrets.values + settings.hostSecrets + run.configurationSecrets
        run.masker = SecretMasker(secrets: known + run.revealed.sorted())
    }

    /// Resolves the run's declared secrets anew; a changed value takes effect with the next call.
    func resolveSecrets(of run: ActiveRun) {
        let names = run.plan.definition.secrets
        guard !names.isEmpty else { return }
        var values: [String: String] = [:]
        for name in names { values[name] = settings.secrets(name) }
        guard values != run.secrets else { return }
        // What an earlier call was given may still turn up.
        for (name, value) in run.secrets where values[name] != value { run.revealed.insert(value) }
        run.secrets = values
        mask(run)
    }

    /// Starts stages that were blocked because a secret was missing, in runs that have all of theirs now.
    func lookForSecrets() {
        guard failure == nil else { return }
        for run in runs.values {
            let blocked = run.machine.blockedBySecrets
            guard !blocked.isEmpty, run.plan.definition.secrets.allSatisfy({ settings.secrets($0) != nil }) else {
                continue
            }
            apply(.pluginFound(stages: blocked), to: run)
        }
    }

    /// A secret that the workflow and the executor declare, and that is not here.
    func missingSecret(of stage: Int, _ run: ActiveRun) -> String? {
        let declared = run.plan.definition.secrets
        guard run.secrets.count < declared.count else { return nil }
        let wanted = run.machine.secretsDeclared(byExecutorOf: stage)
        return declared.first { run.secrets[$0] == nil && wanted.contains($0) }
    }

    /// Parks a stage until a secret is there.
    func block(_ start: StageStart, _ secret: String, of run: ActiveRun) {
        apply(
            .attemptBlocked(
                stage: start.stageIndex, attempt: start.attempt,
                reason: "secret \(secret) is missing: batten secret set \(secret), then resume the run"),
            to: run)
    }
}

extension JSONValue {
    /// The values of secrets that a configuration names, by name.
    var namedSecrets: [String: String] {
        guard let members = self["secrets"]?.objectValue else { return [:] }
        var values: [String: String] = [:]
        for (name, value) in members { values[name] = value.stringValue }
        return values
    }
}
