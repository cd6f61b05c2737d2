#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Completion in each shell that is installed: what it offers at the end of a line.
# shellcheck disable=SC2154 # variables of suite.sh

. "$(dirname "$0")/suite.sh"

# Completes a line in bash, as readline calls it.
ask_bash()
{
    bash --norc -c '
        . "$1"
        line=${2//=/ = }
        read -ra COMP_WORDS <<<"$line"
        case $2 in *" " | *=) COMP_WORDS+=("") ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _coffer
        printf "%s\n" "${COMPREPLY[@]}"' bash "$filled/coffer.bash" "$1"
}

ask_fish()
{
    HOME=$scratch fish --no-config -c "source '$filled/coffer.fish'; complete -C '$1'" | cut -f 1 |
        sed 's/^--[a-z-]*=//'
}

# In a terminal of its own: what is listed is between two marks, the names alone.
ask_zsh()
{
    HOME=$scratch zsh -f "$(dirname "$0")/complete.zsh" "$filled" "$1"
}

# Whether SHELL offers exactly these words for the line.
offers()
{
    local shell=$1 line=$2
    shift 2
    "ask_$shell" "$line" | tr -d '\r' | sed 's/[ =]*$//; /^$/d' | sort -u >"$scratch/offered"
    printf '%s\n' "$@" | sed '/^$/d' | sort -u | diff - "$scratch/offered"
}

# All options of a command, for a line that ends with "--".
offers_options()
{
    local words
    mapfile -t words < <(options_of "$2" | sed 's/^/--/')
    offers "$1" "coffer $2 --" "${words[@]}"
}

mapfile -t commands < <(commands)
mapfile -t firsts < <(printf '%s\n' serve "${commands[@]}" | cut -d ' ' -f 1 | sort -u)
mapfile -t seconds < <(printf '%s\n' "${commands[@]}" | sed -n 's/^vault //p')

mkdir -p "$scratch/here/folder"
touch "$scratch/here/file.conf"

try()
{
    local shell=$1 command
    check "$shell offers the commands" offers "$shell" 'coffer ' "${firsts[@]}" ${2-}
    check "$shell offers the second words" offers "$shell" 'coffer vault ' "${seconds[@]}" ${3-}
    check "$shell completes a command" offers "$shell" 'coffer hea' healthcheck
    for command in "${asked[@]}"; do
        check "$shell offers the options of $command" offers_options "$shell" "$command"
    done
    check "$shell offers the words of a choice" \
        offers "$shell" 'coffer serve --auth ' strict any off
    check "$shell offers them behind an equals sign" \
        offers "$shell" 'coffer serve --auth=s' strict
    check "$shell offers files for a file" \
        offers "$shell" "coffer serve --config $scratch/here/fi" "${4-$scratch/here/}file.conf"
    check "$shell offers folders for a folder" \
        offers "$shell" "coffer serve --data $scratch/here/f" "${4-$scratch/here/}folder${5-}"
    check "$shell offers nothing for a number" offers "$shell" 'coffer serve --port '
    check "$shell offers nothing behind what is no command" offers "$shell" 'coffer nonsense '
}

# All of them in the shell that starts at once; of the others, what they make of a word and of two.
asked=(serve "${commands[@]}")
try bash '--help --version' '--help'
asked=(serve 'vault delete')
if ! has zsh; then
    skip "zsh completes" "no zsh"
elif ! zsh -f -c 'zmodload zsh/zpty && zpty try true' 2>/dev/null; then
    skip "zsh completes" "no terminal can be made here"
else
    try zsh '' '' ''
fi
if has fish; then
    try fish '' '' "$scratch/here/" /
else
    skip "fish completes" "no fish"
fi
report
