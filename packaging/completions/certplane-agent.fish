# fish completion for certplane-agent

set -l commands run enroll recover check plan status renew reload version help
complete -c certplane-agent -f
complete -c certplane-agent -s c -l config -r -F -d 'The configuration'
complete -c certplane-agent -l help -d 'Explain'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -l version -d 'Print the version'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a run -d 'Renew certificates, serve the local API'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a enroll -d 'Obtain the identity with the bootstrap token'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a recover -d 'Finish or undo what a crash interrupted'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a check -d 'Look at configuration, files and identity'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a plan -d 'What run would do now, and why'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a status -d 'How the running agent is'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a renew -d 'Have certificates renewed now'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a reload -d 'Have the configuration read again'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a version -d 'Print the version'
complete -c certplane-agent -n "not __fish_seen_subcommand_from $commands" -a help -d 'Explain a command'
complete -c certplane-agent -n '__fish_seen_subcommand_from help' -a "$commands"
complete -c certplane-agent -n '__fish_seen_subcommand_from run' -l once -d 'One pass over what is due'
complete -c certplane-agent -n '__fish_seen_subcommand_from check' -l online -d 'Ask broker and step-ca'
complete -c certplane-agent -n '__fish_seen_subcommand_from check' -l unit -d 'Print the systemd drop-in'
complete -c certplane-agent -n '__fish_seen_subcommand_from check plan status' -l json -d 'As JSON'
complete -c certplane-agent -n '__fish_seen_subcommand_from status' -l watch -d 'Go on showing it'
complete -c certplane-agent -n '__fish_seen_subcommand_from renew' -l all -d 'Every certificate'
complete -c certplane-agent -n '__fish_seen_subcommand_from renew' -l no-wait -d 'Do not wait for the outcome'
