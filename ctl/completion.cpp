// ctl: completion for shells. What fits is said by `p2pctl completion words`, so that there is one
// to be right. Includes std and common.
#include "ctl/help.h"

namespace p2pd {

namespace {

/// bash takes = and : for ends of words, and puts in only what is behind the last of them.
constexpr std::string_view bash_script =
    R"(# bash completion of p2pctl: source <(p2pctl completion bash)
_p2pctl() {
    local line=${COMP_LINE:0:COMP_POINT} word
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    local current=${words[-1]}
    local behind=${current%"${current##*[=:]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [[ $word == :files ]]; then
            compopt -o default
        else
            COMPREPLY+=("${word#"$behind"}")
        fi
    done < <(p2pctl completion words -- "${words[@]:1}" 2>/dev/null)
}
complete -o nosort -F _p2pctl p2pctl
)";

/// Sourced, or in a folder of zsh's own completions, which calls the whole file at the first Tab.
constexpr std::string_view zsh_script = R"(#compdef p2pctl
# zsh completion of p2pctl: source <(p2pctl completion zsh)
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
_p2pctl() {
    local line
    local -a found items
    found=("${(@f)$(p2pctl completion words -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    if [[ $found[1] == :files ]]; then
        _files
        return
    fi
    for line in $found; do
        items+=("${${line%%$'\t'*}//:/\\:}")
        [[ $line == *$'\t'* ]] && items[-1]+=":${line#*$'\t'}"
    done
    _describe -V p2pctl items
}
if [[ $funcstack[1] == _p2pctl ]]; then
    _p2pctl "$@"
else
    compdef _p2pctl p2pctl
fi
)";

constexpr std::string_view fish_script =
    R"(# fish completion of p2pctl: p2pctl completion fish | source
function __p2pctl_words
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found (p2pctl completion words -- $before[2..-1] "$current" 2>/dev/null)
    if test "$found[1]" = :files
        __fish_complete_path "$current"
    else if set -q found[1]
        printf '%s\n' $found
    end
end
complete -c p2pctl -f -k -a '(__p2pctl_words)'
)";

}  // namespace

std::optional<std::string_view> completion_script(std::string_view shell) {
    if (shell == "bash") return bash_script;
    if (shell == "zsh") return zsh_script;
    if (shell == "fish") return fish_script;
    return std::nullopt;
}

}  // namespace p2pd
