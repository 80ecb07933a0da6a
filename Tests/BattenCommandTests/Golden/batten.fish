# fish completion for batten; load it with: batten completions fish | source
complete -c batten -f
complete -c batten -n __fish_use_subcommand -a run -d 'run a workflow and follow it to its end'
complete -c batten -n __fish_use_subcommand -a resume -d 'go on with a run whose engine is gone, or that is paused'
complete -c batten -n __fish_use_subcommand -a pause -d 'let the running stages of a run finish and start nothing new'
complete -c batten -n __fish_use_subcommand -a serve -d 'run schedules, and carry detached runs and those whose engine died, until stopped'
complete -c batten -n __fish_use_subcommand -a cancel -d 'cancel a run'
complete -c batten -n __fish_use_subcommand -a retry -d 'start a new run from the stages of another one that did not complete'
complete -c batten -n __fish_use_subcommand -a fork -d 'start a new run that keeps what another one has committed'
complete -c batten -n __fish_use_subcommand -a checkpoint -d 'name the position at which a run stands'
complete -c batten -n __fish_use_subcommand -a restore -d 'start a new run from a checkpoint of another one'
complete -c batten -n __fish_use_subcommand -a gates -d 'list the gates that wait for people, over all runs, the oldest first'
complete -c batten -n __fish_use_subcommand -a approve -d 'approve a gate of a run'
complete -c batten -n __fish_use_subcommand -a reject -d 'reject a gate of a run'
complete -c batten -n __fish_use_subcommand -a signal -d 'hand a signal to a run'
complete -c batten -n __fish_use_subcommand -a trigger -d 'tell an event that kept workflows wait for'
complete -c batten -n __fish_use_subcommand -a exec -d 'run one executor, without a file'
complete -c batten -n __fish_use_subcommand -a repl -d 'try stages line by line, and keep what works'
complete -c batten -n __fish_use_subcommand -a init -d 'write a workflow to start from'
complete -c batten -n __fish_use_subcommand -a validate -d 'check workflow files and tell all their problems'
complete -c batten -n __fish_use_subcommand -a test -d 'try workflows with mocked executors, in virtual time'
complete -c batten -n __fish_use_subcommand -a plan -d 'show what a workflow would run, level by level'
complete -c batten -n __fish_use_subcommand -a graph -d 'draw a workflow'\''s stages and what they wait for'
complete -c batten -n __fish_use_subcommand -a convert -d 'write a workflow in its native form, as YAML or JSON'
complete -c batten -n __fish_use_subcommand -a schema -d 'write the JSON Schema of the workflow language, for editors'
complete -c batten -n __fish_use_subcommand -a explain -d 'tell what the code of a diagnostic means, with an example'
complete -c batten -n __fish_use_subcommand -a add -d 'keep a workflow in the store, to run it by name'
complete -c batten -n __fish_use_subcommand -a list -d 'list the workflows that are kept, with what starts them by itself'
complete -c batten -n __fish_use_subcommand -a show -d 'show a kept workflow'
complete -c batten -n __fish_use_subcommand -a remove -d 'forget a kept workflow and its triggers; its runs stay'
complete -c batten -n __fish_use_subcommand -a enable -d 'let a kept workflow be started by name again'
complete -c batten -n __fish_use_subcommand -a disable -d 'keep a kept workflow from being started'
complete -c batten -n __fish_use_subcommand -a runs -d 'list runs, newest first'
complete -c batten -n __fish_use_subcommand -a status -d 'show where a run stands, stage by stage; without one, how everything is doing'
complete -c batten -n __fish_use_subcommand -a logs -d 'show what a run'\''s stages wrote'
complete -c batten -n __fish_use_subcommand -a events -d 'show a run'\''s journal: every decision in its order'
complete -c batten -n __fish_use_subcommand -a outputs -d 'show what a run or one of its stages gave back'
complete -c batten -n __fish_use_subcommand -a why -d 'tell what each unfinished stage of a run waits for, and since when'
complete -c batten -n __fish_use_subcommand -a usage -d 'show what was used and what it cost'
complete -c batten -n __fish_use_subcommand -a digest -d 'sum up what has happened, to be sent to people'
complete -c batten -n __fish_use_subcommand -a checkpoints -d 'list the positions of a run that another one can start from'
complete -c batten -n __fish_use_subcommand -a schedule -d 'commands for schedule'
complete -c batten -n __fish_use_subcommand -a triggers -d 'list what starts runs besides the clock, and what it has started'
complete -c batten -n __fish_use_subcommand -a plugin -d 'commands for plugin'
complete -c batten -n __fish_use_subcommand -a db -d 'commands for db'
complete -c batten -n __fish_use_subcommand -a quota -d 'commands for quota'
complete -c batten -n __fish_use_subcommand -a query -d 'ask the store with SQL that only reads'
complete -c batten -n __fish_use_subcommand -a secret -d 'commands for secret'
complete -c batten -n __fish_use_subcommand -a config -d 'show the settings and where each came from'
complete -c batten -n __fish_use_subcommand -a doctor -d 'look at this installation and machine, and tell what is missing'
complete -c batten -n __fish_use_subcommand -a help -d 'show what the commands do, or one of them in full'
complete -c batten -n __fish_use_subcommand -a completions -d 'write the completion script of a shell'
complete -c batten -n __fish_use_subcommand -a version -d 'show the version'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a add -d 'have a kept workflow started by the clock'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a list -d 'list schedules with their next times'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a show -d 'show a schedule and what became of its last times'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a next -d 'show when a schedule fires next'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a pause -d 'start no more runs of a schedule'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a resume -d 'go on with a paused schedule'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a trigger -d 'start a run of a schedule now'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a backfill -d 'start a run for each due time of a range that has passed'
complete -c batten -n '__fish_seen_subcommand_from schedule; and not __fish_seen_subcommand_from add list show next pause resume trigger backfill remove' -a remove -d 'forget a schedule; its runs stay'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a list -d 'list the plugins that are found, and what they offer'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a info -d 'show what a plugin says of itself'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a new -d 'make the folder of a new plugin'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a check -d 'hold a plugin'\''s file against the rules of the plugin header'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a install -d 'copy a plugin into the plugin folder and accept it'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a run -d 'make one call of a plugin'\''s file, without installing it'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a dev -d 'build a plugin anew whenever its sources change, check it and call it'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a remove -d 'take an installed plugin away'
complete -c batten -n '__fish_seen_subcommand_from plugin; and not __fish_seen_subcommand_from list info new check install run dev remove trust' -a trust -d 'accept the file of a plugin as it is now'
complete -c batten -n '__fish_seen_subcommand_from db; and not __fish_seen_subcommand_from info check backup migrate vacuum gc' -a info -d 'show what the store holds and how large it is'
complete -c batten -n '__fish_seen_subcommand_from db; and not __fish_seen_subcommand_from info check backup migrate vacuum gc' -a check -d 'read the whole store and tell what is wrong with it'
complete -c batten -n '__fish_seen_subcommand_from db; and not __fish_seen_subcommand_from info check backup migrate vacuum gc' -a backup -d 'copy the store while it is in use'
complete -c batten -n '__fish_seen_subcommand_from db; and not __fish_seen_subcommand_from info check backup migrate vacuum gc' -a migrate -d 'bring the store to another version of its schema'
complete -c batten -n '__fish_seen_subcommand_from db; and not __fish_seen_subcommand_from info check backup migrate vacuum gc' -a vacuum -d 'give free space of the store back to the file system'
complete -c batten -n '__fish_seen_subcommand_from db; and not __fish_seen_subcommand_from info check backup migrate vacuum gc' -a gc -d 'remove history that is beyond the retention'
complete -c batten -n '__fish_seen_subcommand_from quota; and not __fish_seen_subcommand_from set list show remove' -a set -d 'limit what runs use: tokens, money, requests, runs'
complete -c batten -n '__fish_seen_subcommand_from quota; and not __fish_seen_subcommand_from set list show remove' -a list -d 'list quotas with how full they are'
complete -c batten -n '__fish_seen_subcommand_from quota; and not __fish_seen_subcommand_from set list show remove' -a show -d 'show a quota and how full it is'
complete -c batten -n '__fish_seen_subcommand_from quota; and not __fish_seen_subcommand_from set list show remove' -a remove -d 'forget a quota; what waits for it starts'
complete -c batten -n '__fish_seen_subcommand_from secret; and not __fish_seen_subcommand_from set list remove rotate-key login' -a set -d 'keep a secret, encrypted'
complete -c batten -n '__fish_seen_subcommand_from secret; and not __fish_seen_subcommand_from set list remove rotate-key login' -a list -d 'list the names of kept secrets'
complete -c batten -n '__fish_seen_subcommand_from secret; and not __fish_seen_subcommand_from set list remove rotate-key login' -a remove -d 'forget a secret'
complete -c batten -n '__fish_seen_subcommand_from secret; and not __fish_seen_subcommand_from set list remove rotate-key login' -a rotate-key -d 'seal all secrets anew, under a new key'
complete -c batten -n '__fish_seen_subcommand_from secret; and not __fish_seen_subcommand_from set list remove rotate-key login' -a login -d 'get a token from an authorization server, and keep it fresh'
complete -c batten -n '__fish_seen_subcommand_from run' -l param -s p -d 'a parameter, read by its declared type' -x
complete -c batten -n '__fish_seen_subcommand_from run' -l params-file -d 'parameters as a YAML or JSON mapping; '\''-'\'' is standard input' -r -F
complete -c batten -n '__fish_seen_subcommand_from run' -l dry-run -d 'check and plan only, start nothing'
complete -c batten -n '__fish_seen_subcommand_from run' -l only -d 'run these stages and what they need, nothing else' -x
complete -c batten -n '__fish_seen_subcommand_from run' -l mock -d 'take these outputs of a stage, an object, instead of executing it' -x
complete -c batten -n '__fish_seen_subcommand_from run' -l max-cost -d 'the most that the run may cost, such as 0.20' -x
complete -c batten -n '__fish_seen_subcommand_from run' -l max-tokens -d 'the most tokens that the run may use, input and output' -x
complete -c batten -n '__fish_seen_subcommand_from run' -l idempotency-key -d 'a key under which the same request gives the same run' -x
complete -c batten -n '__fish_seen_subcommand_from run' -l wait-gates -d 'stay while only gates or signals are left, instead of exit code 11'
complete -c batten -n '__fish_seen_subcommand_from run' -l detach -d 'accept the run and return; a '\''batten serve'\'' carries it'
complete -c batten -n '__fish_seen_subcommand_from run' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from run' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from run' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from run' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from run' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from run' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from run' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from run' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from run' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from run' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from run' -F
complete -c batten -n '__fish_seen_subcommand_from resume' -l take-over -d 'take the run from an engine that still exists'
complete -c batten -n '__fish_seen_subcommand_from resume' -l wait-gates -d 'stay while only gates or signals are left, instead of exit code 11'
complete -c batten -n '__fish_seen_subcommand_from resume' -l detach -d 'return at once: the process that drives the run, or a '\''batten serve'\'', goes on with it'
complete -c batten -n '__fish_seen_subcommand_from resume' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from resume' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from resume' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from resume' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from resume' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from resume' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from resume' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from resume' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from resume' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from resume' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from pause' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from pause' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from pause' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from pause' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from pause' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from pause' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from pause' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from pause' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from pause' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from pause' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from serve' -l drain -d 'how long running stages may go on when it is told to stop' -x
complete -c batten -n '__fish_seen_subcommand_from serve' -l once -d 'start what is due, finish it, and end; for a timer of the system'
complete -c batten -n '__fish_seen_subcommand_from serve' -l format -d 'how results are written' -x -a 'text json'
complete -c batten -n '__fish_seen_subcommand_from serve' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from serve' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from serve' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from serve' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from serve' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from serve' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from serve' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from serve' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from serve' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l now -d 'kill at once, without running '\''finally'\'''
complete -c batten -n '__fish_seen_subcommand_from cancel' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from cancel' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from cancel' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from cancel' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from cancel' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from retry' -l workflow -d 'an edited workflow instead of the one that the run is locked to' -r -F
complete -c batten -n '__fish_seen_subcommand_from retry' -l param -s p -d 'a parameter over those of the other run' -x
complete -c batten -n '__fish_seen_subcommand_from retry' -l changed -d 'run stages again whose definition or parameters have changed, instead of keeping them'
complete -c batten -n '__fish_seen_subcommand_from retry' -l wait-gates -d 'stay while only gates or signals are left, instead of exit code 11'
complete -c batten -n '__fish_seen_subcommand_from retry' -l detach -d 'accept the run and return; a '\''batten serve'\'' carries it'
complete -c batten -n '__fish_seen_subcommand_from retry' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from retry' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from retry' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from retry' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from retry' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from retry' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from retry' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from retry' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from retry' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from retry' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from fork' -l from -d 'where to begin: a stage, @POSITION or @LABEL' -x
complete -c batten -n '__fish_seen_subcommand_from fork' -l workflow -d 'an edited workflow instead of the one that the run is locked to' -r -F
complete -c batten -n '__fish_seen_subcommand_from fork' -l param -s p -d 'a parameter over those of the other run' -x
complete -c batten -n '__fish_seen_subcommand_from fork' -l changed -d 'run stages again whose definition or parameters have changed, instead of keeping them'
complete -c batten -n '__fish_seen_subcommand_from fork' -l wait-gates -d 'stay while only gates or signals are left, instead of exit code 11'
complete -c batten -n '__fish_seen_subcommand_from fork' -l detach -d 'accept the run and return; a '\''batten serve'\'' carries it'
complete -c batten -n '__fish_seen_subcommand_from fork' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from fork' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from fork' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from fork' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from fork' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from fork' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from fork' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from fork' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from fork' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from fork' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l label -d 'its name in the run: letters, digits, '\''_'\'', '\''-'\'' and '\''.'\''' -x
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from checkpoint' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from restore' -l workflow -d 'an edited workflow instead of the one that the run is locked to' -r -F
complete -c batten -n '__fish_seen_subcommand_from restore' -l param -s p -d 'a parameter over those of the other run' -x
complete -c batten -n '__fish_seen_subcommand_from restore' -l changed -d 'run stages again whose definition or parameters have changed, instead of keeping them'
complete -c batten -n '__fish_seen_subcommand_from restore' -l wait-gates -d 'stay while only gates or signals are left, instead of exit code 11'
complete -c batten -n '__fish_seen_subcommand_from restore' -l detach -d 'accept the run and return; a '\''batten serve'\'' carries it'
complete -c batten -n '__fish_seen_subcommand_from restore' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from restore' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from restore' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from restore' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from restore' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from restore' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from restore' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from restore' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from restore' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from restore' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from gates' -l limit -s n -d 'how many at most' -x
complete -c batten -n '__fish_seen_subcommand_from gates' -l cursor -d 'the next_cursor of the page before' -x
complete -c batten -n '__fish_seen_subcommand_from gates' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from gates' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from gates' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from gates' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from gates' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from gates' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from gates' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from gates' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from gates' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from gates' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from approve' -l as -d 'who answers; a record, not a proof' -x
complete -c batten -n '__fish_seen_subcommand_from approve' -l item -d 'the item whose gate it is, counted from 0, of a stage with items' -x
complete -c batten -n '__fish_seen_subcommand_from approve' -l form -s f -d 'a value of the gate'\''s form' -x
complete -c batten -n '__fish_seen_subcommand_from approve' -l reason -d 'why, for the record' -x
complete -c batten -n '__fish_seen_subcommand_from approve' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from approve' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from approve' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from approve' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from approve' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from approve' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from approve' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from approve' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from approve' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from approve' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from reject' -l as -d 'who answers; a record, not a proof' -x
complete -c batten -n '__fish_seen_subcommand_from reject' -l item -d 'the item whose gate it is, counted from 0, of a stage with items' -x
complete -c batten -n '__fish_seen_subcommand_from reject' -l reason -d 'why; it is needed' -x
complete -c batten -n '__fish_seen_subcommand_from reject' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from reject' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from reject' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from reject' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from reject' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from reject' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from reject' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from reject' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from reject' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from reject' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from signal' -l data -s d -d 'what it carries' -x
complete -c batten -n '__fish_seen_subcommand_from signal' -l as -d 'who sends it; a record, not a proof' -x
complete -c batten -n '__fish_seen_subcommand_from signal' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from signal' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from signal' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from signal' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from signal' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from signal' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from signal' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from signal' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from signal' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from signal' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l data -s d -d 'what it carries' -x
complete -c batten -n '__fish_seen_subcommand_from trigger' -l key -s k -d 'a second event with the same key starts nothing' -x
complete -c batten -n '__fish_seen_subcommand_from trigger' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from trigger' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from trigger' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from trigger' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from trigger' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from exec' -l with -d 'a field of the executor'\''s input' -x
complete -c batten -n '__fish_seen_subcommand_from exec' -l with-json -d 'the whole input as a JSON object; --with goes over it' -x
complete -c batten -n '__fish_seen_subcommand_from exec' -l timeout -d 'bound on the call, for example 30s' -x
complete -c batten -n '__fish_seen_subcommand_from exec' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from exec' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from exec' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from exec' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from exec' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from exec' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from exec' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from exec' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from exec' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from exec' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from repl' -l keep-going -d 'go on behind an error in a script'
complete -c batten -n '__fish_seen_subcommand_from repl' -l session -d 'name of the session'\''s workflow' -x
complete -c batten -n '__fish_seen_subcommand_from repl' -l resume -d 'take up the session of that name, or the last one, where it ended'
complete -c batten -n '__fish_seen_subcommand_from repl' -l format -d 'how results are written' -x -a 'text json'
complete -c batten -n '__fish_seen_subcommand_from repl' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from repl' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from repl' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from repl' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from repl' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from repl' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from repl' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from repl' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from repl' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from repl' -F
complete -c batten -n '__fish_seen_subcommand_from init' -l output -s o -d 'where it is written' -r -F
complete -c batten -n '__fish_seen_subcommand_from init' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from init' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from init' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from init' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from init' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from init' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from init' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from init' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from init' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from init' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from init' -a 'hello build agent digest'
complete -c batten -n '__fish_seen_subcommand_from validate' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from validate' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from validate' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from validate' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from validate' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from validate' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from validate' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from validate' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from validate' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from validate' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from validate' -F
complete -c batten -n '__fish_seen_subcommand_from test' -l case -d 'only the cases of this name' -x
complete -c batten -n '__fish_seen_subcommand_from test' -l junit -d 'write the results as JUnit XML too' -r -F
complete -c batten -n '__fish_seen_subcommand_from test' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from test' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from test' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from test' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from test' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from test' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from test' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from test' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from test' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from test' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from test' -F
complete -c batten -n '__fish_seen_subcommand_from plan' -l param -s p -d 'a parameter, checked like for a run' -x
complete -c batten -n '__fish_seen_subcommand_from plan' -l params-file -d 'parameters as a YAML or JSON mapping' -r -F
complete -c batten -n '__fish_seen_subcommand_from plan' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plan' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plan' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plan' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plan' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plan' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plan' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plan' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plan' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plan' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plan' -F
complete -c batten -n '__fish_seen_subcommand_from graph' -l format -d 'how results are written' -x -a 'text dot mermaid'
complete -c batten -n '__fish_seen_subcommand_from graph' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from graph' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from graph' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from graph' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from graph' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from graph' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from graph' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from graph' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from graph' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from graph' -F
complete -c batten -n '__fish_seen_subcommand_from convert' -l format -d 'how results are written' -x -a 'yaml json'
complete -c batten -n '__fish_seen_subcommand_from convert' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from convert' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from convert' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from convert' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from convert' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from convert' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from convert' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from convert' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from convert' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from convert' -F
complete -c batten -n '__fish_seen_subcommand_from schema' -l format -d 'how results are written' -x -a 'json yaml'
complete -c batten -n '__fish_seen_subcommand_from schema' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schema' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schema' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schema' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schema' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schema' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schema' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schema' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schema' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from explain' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from explain' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from explain' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from explain' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from explain' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from explain' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from explain' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from explain' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from explain' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from explain' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from add' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from add' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from add' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from add' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from add' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from add' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from add' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from add' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from add' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from add' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from add' -F
complete -c batten -n '__fish_seen_subcommand_from list' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from list' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from list' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from list' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from list' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from list' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from list' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from list' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from list' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from list' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from show' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from show' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from show' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from show' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from show' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from show' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from show' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from show' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from show' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from show' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from remove' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from remove' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from remove' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from remove' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from remove' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from remove' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from remove' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from remove' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from remove' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from remove' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from enable' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from enable' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from enable' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from enable' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from enable' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from enable' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from enable' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from enable' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from enable' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from enable' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from disable' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from disable' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from disable' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from disable' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from disable' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from disable' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from disable' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from disable' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from disable' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from disable' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from runs' -l workflow -s w -d 'runs of this workflow only' -x
complete -c batten -n '__fish_seen_subcommand_from runs' -l status -s s -d 'runs in this state only; may be repeated' -x -a 'pending running paused waiting completed failed cancelled timed_out'
complete -c batten -n '__fish_seen_subcommand_from runs' -l failed -d 'runs that have failed or timed out only'
complete -c batten -n '__fish_seen_subcommand_from runs' -l since -d 'runs accepted after an instant, or so long ago: 24h' -x
complete -c batten -n '__fish_seen_subcommand_from runs' -l all -s a -d 'runs that other runs have started too'
complete -c batten -n '__fish_seen_subcommand_from runs' -l parent -d 'the runs that this run has started' -x
complete -c batten -n '__fish_seen_subcommand_from runs' -l limit -s n -d 'how many at most' -x
complete -c batten -n '__fish_seen_subcommand_from runs' -l cursor -d 'the next_cursor of the page before' -x
complete -c batten -n '__fish_seen_subcommand_from runs' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from runs' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from runs' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from runs' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from runs' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from runs' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from runs' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from runs' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from runs' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from runs' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from status' -l watch -s w -d 'follow it to its end'
complete -c batten -n '__fish_seen_subcommand_from status' -l since -d 'without a run: how far back ends of runs are counted' -x
complete -c batten -n '__fish_seen_subcommand_from status' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from status' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from status' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from status' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from status' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from status' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from status' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from status' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from status' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from status' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from logs' -l item -d 'lines of this item of the stage only, counted from 0' -x
complete -c batten -n '__fish_seen_subcommand_from logs' -l follow -s f -d 'go on until the run has ended'
complete -c batten -n '__fish_seen_subcommand_from logs' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from logs' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from logs' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from logs' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from logs' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from logs' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from logs' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from logs' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from logs' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from logs' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from events' -l follow -s f -d 'go on until the run has ended'
complete -c batten -n '__fish_seen_subcommand_from events' -l format -d 'how results are written' -x -a 'text json ndjson'
complete -c batten -n '__fish_seen_subcommand_from events' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from events' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from events' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from events' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from events' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from events' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from events' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from events' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from events' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from outputs' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from outputs' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from outputs' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from outputs' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from why' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from why' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from why' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from why' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from why' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from why' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from why' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from why' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from why' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from why' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from usage' -l by -d 'what to add up by; may be repeated' -x -a 'day model provider workflow run stage plugin metric'
complete -c batten -n '__fish_seen_subcommand_from usage' -l since -d 'usage after an instant, or of so long: 7d' -x
complete -c batten -n '__fish_seen_subcommand_from usage' -l until -d 'usage before an instant' -x
complete -c batten -n '__fish_seen_subcommand_from usage' -l workflow -s w -d 'usage of this workflow only' -x
complete -c batten -n '__fish_seen_subcommand_from usage' -l run -d 'usage of this run only' -x
complete -c batten -n '__fish_seen_subcommand_from usage' -l limit -s n -d 'how many groups at most' -x
complete -c batten -n '__fish_seen_subcommand_from usage' -l format -d 'how results are written' -x -a 'text json yaml csv'
complete -c batten -n '__fish_seen_subcommand_from usage' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from usage' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from usage' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from usage' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from usage' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from usage' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from usage' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from usage' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from usage' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from digest' -l since -d 'from an instant on, or so long ago' -x
complete -c batten -n '__fish_seen_subcommand_from digest' -l limit -s n -d 'entries of each list at most' -x
complete -c batten -n '__fish_seen_subcommand_from digest' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from digest' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from digest' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from digest' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from digest' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from digest' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from digest' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from digest' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from digest' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from digest' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from checkpoints' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l name -d 'what to call it' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l cron -d 'a cron expression of five or six fields, or a name such as @daily' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l every -d 'an interval, counted from --start or 1970-01-01T00:00:00Z' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l at -d 'once, at this time' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l timezone -d 'the IANA zone that local times mean' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l start -d 'nothing is due before' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l end -d 'nothing is due after' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l overlap -d 'what a due time does while an earlier run has not ended' -x -a 'skip queue queue_one cancel_running allow'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l catch-up -d 'which missed times still start a run' -x -a 'none last all'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l window -d 'how old a missed time may be' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l jitter -d 'start up to so much later, each time by another length' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l pause-after -d 'pause after so many failed runs in a row' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l param -s p -d 'a parameter, read by its declared type' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from add' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l limit -s n -d 'how many at most' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l cursor -d 'the next_cursor of the page before' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from list' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l limit -s n -d 'how many times at most' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from show' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l cron -d 'a cron expression of five or six fields, or a name such as @daily' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l timezone -d 'the IANA zone that the expression means, like Europe/Oslo' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l after -d 'times after this one' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l count -s n -d 'how many times' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l utc -d 'show the times in UTC'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from next' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l reason -d 'why, for those who look' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from pause' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from resume' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from trigger' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l from -d 'the first time of the range' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l to -d 'the last time of the range' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l parallel -d 'runs at once' -x
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from backfill' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from schedule; and __fish_seen_subcommand_from remove' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l limit -s n -d 'how many events at most' -x
complete -c batten -n '__fish_seen_subcommand_from triggers' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from triggers' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from triggers' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from triggers' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from triggers' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from list' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from info' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l lang -d 'what it is written in' -x -a 'c cpp swift rust python'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l style -d 'whether a call holds a thread or waits on the host'\''s loop' -x -a 'blocking async'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l from-signature -d 'a C function, such as "double cbrt(double x)"' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l header -d 'the header that declares the function, such as math.h; ./mine.h is the plugin'\''s own' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l link -d 'a library that has the function, such as z' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l output -s o -d 'where the folder is made' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from new' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l only -d 'checks or groups to carry out: static, probe, contract, fault, calls …' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l seed -d 'what inputs are made from' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l reproduce -d 'carry out one check again, as a failure told' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l junit -d 'write the results as JUnit XML too' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l list -d 'list the checks and carry out none'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from check' -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l yes -s y -d 'install without asking'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from install' -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l with -d 'a field of the executor'\''s input' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l with-json -d 'the whole input as a JSON object; --with goes over it' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l timeout -d 'bound on the call, for example 30s' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l wait-for-attach -d 'load it into this process and wait for a debugger'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from run' -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l build -d 'what builds it, for the shell' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l call -d 'an executor to call after each build' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l with -d 'a field of the executor'\''s input' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l with-json -d 'the whole input as a JSON object; --with goes over it' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l timeout -d 'bound on each call' -x
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l wait-for-attach -d 'build once, then load it into this process and wait for a debugger before the call'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l once -d 'do it once and end, with exit code 1 when something failed'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from dev' -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l all -d 'remove all versions'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from remove' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l yes -s y -d 'accept without asking'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from plugin; and __fish_seen_subcommand_from trust' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from info' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from check' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from backup' -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l to -d 'version to reach; the latest when not given' -x
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l dry-run -d 'tell what would be done and change nothing'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from migrate' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l rebuild -d 'write the whole file anew, which also puts its parts in order'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from vacuum' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l dry-run -d 'tell what would be removed and change nothing'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l older-than -d 'remove what ended longer ago than this, in place of the setting' -x
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from db; and __fish_seen_subcommand_from gc' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l metric -d 'what is counted: requests, tokens, input_tokens, output_tokens, cost_usd, stage_runs, runs, bytes, or what a plugin counts' -x
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l limit -d 'the most there may be; dollars for cost_usd, such as 0.20' -x
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l per -d 'in which time' -x -a 'minute hour day month ever'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l calendar -d 'go by the clock of this IANA time zone instead of a rolling window' -x
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l scope -d 'count only what fits' -x
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l on-exceed -d 'what a stage does for which there is no room' -x -a 'wait fail warn'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from set' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from list' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from show' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from quota; and __fish_seen_subcommand_from remove' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from query' -l limit -s n -d 'rows at most' -x
complete -c batten -n '__fish_seen_subcommand_from query' -l format -d 'how results are written' -x -a 'text json ndjson yaml'
complete -c batten -n '__fish_seen_subcommand_from query' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from query' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from query' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from query' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from query' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from query' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from query' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from query' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from query' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l file -d 'a file that holds the value' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l short -d 'take a value of fewer than 8 bytes'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from set' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from list' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from remove' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from rotate-key' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l device-code -d 'log in at another device'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l auth-code -d 'log in with a browser on this machine'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l client-credentials -d 'no person: the client'\''s own credentials'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l token-url -d 'where tokens come from' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l device-url -d 'where codes for devices come from' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l authorize-url -d 'where the browser is sent' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l client-id -d 'the client'\''s id' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l client-secret -d 'the secret that holds the client'\''s own secret' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l credentials-in -d 'where they are sent' -x -a 'header body'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l scope -d 'what is asked for' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l port -d 'port of the address that --auth-code waits at' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l timeout -d 'how long a person may take' -x
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from secret; and __fish_seen_subcommand_from login' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from config' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from config' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from config' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from config' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from config' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from config' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from config' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from config' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from config' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from config' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from doctor' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from doctor' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from doctor' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from doctor' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from help' -l man -d 'write the manual page in roff'
complete -c batten -n '__fish_seen_subcommand_from help' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from help' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from help' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from help' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from help' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from help' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from help' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from help' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from help' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from completions' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from completions' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from completions' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from completions' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from completions' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from completions' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from completions' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from completions' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from completions' -l help -s h -d 'show help'
complete -c batten -n '__fish_seen_subcommand_from completions' -a 'bash zsh fish'
complete -c batten -n '__fish_seen_subcommand_from version' -l format -d 'how results are written' -x -a 'text json yaml'
complete -c batten -n '__fish_seen_subcommand_from version' -l home -d 'folder of the store, its blobs and the engines'\'' locks' -r -F
complete -c batten -n '__fish_seen_subcommand_from version' -l config -d 'the user'\''s configuration file' -r -F
complete -c batten -n '__fish_seen_subcommand_from version' -l color -d 'whether text is coloured; NO_COLOR is respected' -x -a 'auto always never'
complete -c batten -n '__fish_seen_subcommand_from version' -l no-color -d 'the same as --color never'
complete -c batten -n '__fish_seen_subcommand_from version' -l plugin-dir -d 'a further folder to find plugins in' -r -F
complete -c batten -n '__fish_seen_subcommand_from version' -l in-process-plugins -d 'load plugins from outside the bundled folder into this process'
complete -c batten -n '__fish_seen_subcommand_from version' -l safe-mode -d 'use no plugins but those that came with Batten'
complete -c batten -n '__fish_seen_subcommand_from version' -l quiet -s q -d 'write results and errors only'
complete -c batten -n '__fish_seen_subcommand_from version' -l help -s h -d 'show help'
