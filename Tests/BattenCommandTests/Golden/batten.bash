# bash completion for batten; load it with: source <(batten completions bash)
_batten() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -*) ;;
            *) command="${command:+$command }${COMP_WORDS[i]}"
               case "$command" in schedule|plugin|db|quota|secret) ;; *) break ;; esac ;;
        esac
    done
    case "$command:$before" in
        "run:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "run:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "resume:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "resume:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "pause:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "pause:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "serve:--format") COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
        "serve:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "cancel:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "cancel:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "retry:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "retry:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "fork:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "fork:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "checkpoint:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "checkpoint:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "restore:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "restore:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "gates:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "gates:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "approve:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "approve:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "reject:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "reject:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "signal:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "signal:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "trigger:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "trigger:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "exec:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "exec:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "repl:--format") COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
        "repl:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "init:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "init:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "validate:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "validate:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "test:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "test:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plan:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plan:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "graph:--format") COMPREPLY=($(compgen -W "text dot mermaid" -- "$word")); return ;;
        "graph:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "convert:--format") COMPREPLY=($(compgen -W "yaml json" -- "$word")); return ;;
        "convert:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schema:--format") COMPREPLY=($(compgen -W "json yaml" -- "$word")); return ;;
        "schema:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "explain:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "explain:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "add:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "add:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "list:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "list:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "show:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "show:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "remove:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "remove:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "enable:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "enable:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "disable:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "disable:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "runs:--status") COMPREPLY=($(compgen -W "pending running paused waiting completed failed cancelled timed_out" -- "$word")); return ;;
        "runs:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "runs:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "status:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "status:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "logs:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "logs:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "events:--format") COMPREPLY=($(compgen -W "text json ndjson" -- "$word")); return ;;
        "events:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "outputs:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "outputs:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "why:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "why:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "usage:--by") COMPREPLY=($(compgen -W "day model provider workflow run stage plugin metric" -- "$word")); return ;;
        "usage:--format") COMPREPLY=($(compgen -W "text json yaml csv" -- "$word")); return ;;
        "usage:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "digest:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "digest:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "checkpoints:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "checkpoints:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule add:--overlap") COMPREPLY=($(compgen -W "skip queue queue_one cancel_running allow" -- "$word")); return ;;
        "schedule add:--catch-up") COMPREPLY=($(compgen -W "none last all" -- "$word")); return ;;
        "schedule add:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule add:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule list:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule list:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule show:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule show:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule next:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule next:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule pause:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule pause:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule resume:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule resume:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule trigger:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule trigger:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule backfill:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule backfill:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "schedule remove:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "schedule remove:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "triggers:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "triggers:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin list:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin list:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin info:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin info:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin new:--lang") COMPREPLY=($(compgen -W "c cpp swift rust python" -- "$word")); return ;;
        "plugin new:--style") COMPREPLY=($(compgen -W "blocking async" -- "$word")); return ;;
        "plugin new:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin new:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin check:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin check:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin install:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin install:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin run:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin run:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin dev:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin remove:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin remove:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "plugin trust:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "plugin trust:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "db info:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "db info:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "db check:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "db check:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "db backup:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "db backup:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "db migrate:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "db migrate:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "db vacuum:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "db vacuum:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "db gc:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "db gc:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "quota set:--per") COMPREPLY=($(compgen -W "minute hour day month ever" -- "$word")); return ;;
        "quota set:--on-exceed") COMPREPLY=($(compgen -W "wait fail warn" -- "$word")); return ;;
        "quota set:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "quota set:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "quota list:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "quota list:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "quota show:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "quota show:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "quota remove:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "quota remove:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "query:--format") COMPREPLY=($(compgen -W "text json ndjson yaml" -- "$word")); return ;;
        "query:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "secret set:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "secret set:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "secret list:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "secret list:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "secret remove:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "secret remove:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "secret rotate-key:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "secret rotate-key:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "secret login:--credentials-in") COMPREPLY=($(compgen -W "header body" -- "$word")); return ;;
        "secret login:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "secret login:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "config:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "config:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "doctor:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "doctor:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "help:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "completions:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        "version:--format") COMPREPLY=($(compgen -W "text json yaml" -- "$word")); return ;;
        "version:--color") COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        *:--params-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
        *:--home) COMPREPLY=($(compgen -d -- "$word")); return ;;
        *:--config) COMPREPLY=($(compgen -f -- "$word")); return ;;
        *:--plugin-dir) COMPREPLY=($(compgen -d -- "$word")); return ;;
        *:--workflow) COMPREPLY=($(compgen -f -- "$word")); return ;;
        *:--output) COMPREPLY=($(compgen -f -- "$word")); return ;;
        *:--junit) COMPREPLY=($(compgen -f -- "$word")); return ;;
        *:--file) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case "$command" in
        '') COMPREPLY=($(compgen -W "run resume pause serve cancel retry fork checkpoint restore gates approve reject signal trigger exec repl init validate test plan graph convert schema explain add list show remove enable disable runs status logs events outputs why usage digest checkpoints schedule triggers plugin db quota query secret config doctor help completions version" -- "$word")) ;;
        'schedule') COMPREPLY=($(compgen -W "add list show next pause resume trigger backfill remove" -- "$word")) ;;
        'plugin') COMPREPLY=($(compgen -W "list info new check install run dev remove trust" -- "$word")) ;;
        'db') COMPREPLY=($(compgen -W "info check backup migrate vacuum gc" -- "$word")) ;;
        'quota') COMPREPLY=($(compgen -W "set list show remove" -- "$word")) ;;
        'secret') COMPREPLY=($(compgen -W "set list remove rotate-key login" -- "$word")) ;;
        'run')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--param --params-file --dry-run --only --mock --max-cost --max-tokens --idempotency-key --wait-gates --detach --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'resume')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--take-over --wait-gates --detach --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'pause')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'serve')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--drain --once --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'cancel')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--now --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'retry')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--workflow --param --changed --wait-gates --detach --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'fork')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--from --workflow --param --changed --wait-gates --detach --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'checkpoint')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--label --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'restore')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--workflow --param --changed --wait-gates --detach --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'gates')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--limit --cursor --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'approve')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--as --item --form --reason --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'reject')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--as --item --reason --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'signal')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--data --as --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'trigger')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--data --key --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'exec')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--with --with-json --timeout --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'repl')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--keep-going --session --resume --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'init')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--output --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -W "hello build agent digest" -- "$word")); fi ;;
        'validate')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'test')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--case --junit --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'plan')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--param --params-file --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'graph')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'convert')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'schema')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'explain')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'add')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'list')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'show')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'remove')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'enable')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'disable')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'runs')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--workflow --status --failed --since --all --parent --limit --cursor --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'status')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--watch --since --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'logs')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--item --follow --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'events')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--follow --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'outputs')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'why')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'usage')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--by --since --until --workflow --run --limit --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'digest')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--since --limit --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'checkpoints')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule add')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--name --cron --every --at --timezone --start --end --overlap --catch-up --window --jitter --pause-after --param --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule list')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--limit --cursor --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule show')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--limit --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule next')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--cron --timezone --after --count --utc --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule pause')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--reason --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule resume')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule trigger')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule backfill')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--from --to --parallel --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'schedule remove')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'triggers')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--limit --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'plugin list')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'plugin info')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'plugin new')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--lang --style --from-signature --header --link --output --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'plugin check')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--only --seed --reproduce --junit --list --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'plugin install')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--yes --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'plugin run')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--with --with-json --timeout --wait-for-attach --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'plugin dev')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--build --call --with --with-json --timeout --wait-for-attach --once --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -d -- "$word")); fi ;;
        'plugin remove')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--all --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'plugin trust')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--yes --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'db info')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'db check')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'db backup')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -f -- "$word")); fi ;;
        'db migrate')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--to --dry-run --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'db vacuum')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--rebuild --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'db gc')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--dry-run --older-than --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'quota set')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--metric --limit --per --calendar --scope --on-exceed --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'quota list')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'quota show')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'quota remove')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'query')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--limit --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'secret set')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--file --short --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'secret list')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'secret remove')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'secret rotate-key')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'secret login')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--device-code --auth-code --client-credentials --token-url --device-url --authorize-url --client-id --client-secret --credentials-in --scope --port --timeout --format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'config')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'doctor')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'help')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--man --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
        'completions')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); fi ;;
        'version')
            if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "--format --home --config --color --no-color --plugin-dir --in-process-plugins --safe-mode --quiet --help" -- "$word"))
            else COMPREPLY=(); fi ;;
    esac
}
complete -o filenames -F _batten batten
