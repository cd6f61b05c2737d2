# SPDX-License-Identifier: Apache-2.0
#
# complete.zsh FOLDER LINE: prints what zsh offers at the end of the line, one word a line, with
# FOLDER/coffer.zsh. Completion works in a terminal alone, so it runs in one that zpty makes, where
# compadd prints what it is given instead of listing it.
zmodload zsh/zpty
zpty z zsh -f -i
setup="
PROMPT= RPROMPT=
unsetopt zle_bracketed_paste 2>/dev/null
autoload -Uz compinit
compinit -u -D
fpath=('$1' \$fpath)
autoload -Uz +X coffer.zsh
compdef coffer.zsh coffer
zstyle ':completion:*' list-grouped false
zstyle ':completion:*' insert-tab false
zstyle ':completion:*' list-separator ''
compadd() {
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd \"\$@\"
        return \$?
    fi
    typeset -a __hits
    builtin compadd -A __hits \"\$@\"
    for __hit in \$__hits; do print -r -- \"HIT:\$__hit:\"; done
    builtin compadd \"\$@\"
}
bindkey '^I' complete-word
complete-and-mark() { print BEGIN-OF-HITS; zle complete-word; print END-OF-HITS; exit }
zle -N complete-and-mark
bindkey '^X' complete-and-mark
print SET-UP-IS-DONE
"
print -r -- "$setup" >"$HOME/setup.zsh"
zpty -w z "source $HOME/setup.zsh"
zpty -r z log '*SET-UP-IS-DONE*' || exit 1
zpty -n -w z "$2"$'\C-X'
zpty -r z log '*END-OF-HITS*'
print -r -- "$log" | tr -d '\r' | sed -n 's/.*HIT:\(.*\):.*/\1/p'
zpty -d z
