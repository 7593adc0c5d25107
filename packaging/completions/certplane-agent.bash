# bash completion for certplane-agent

_certplane_agent() {
    local cur prev command word
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=
    local commands="run enroll recover check plan status renew reload version help"
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case " $commands " in *" $word "*) command=$word && break ;; esac
    done
    case $prev in
        -c | --config)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
    esac
    local options="-c --config --help"
    case $command in
        run) options+=" --once" ;;
        check) options+=" --online --unit --json" ;;
        plan) options+=" --json" ;;
        status) options+=" --json --watch" ;;
        renew) options+=" --all --no-wait" ;;
        help | version) options= ;;
    esac
    case $cur in
        -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur") && return ;;
    esac
    case $command in
        "") mapfile -t COMPREPLY < <(compgen -W "$commands --version $options" -- "$cur") ;;
        help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
    esac
}
complete -F _certplane_agent certplane-agent
