#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manual pages and the configuration file: they are well-formed, and have every command and
# option that the program itself has.

. "$(dirname "$0")/suite.sh"

# The text that a page has between two headings, without its markup.
part()
{
    sed -n "/^\.SH $2/,/^\.SH $3/p" "$filled/$1" | sed 's/\\f[BIR]//g; s/\\-/-/g'
}

has_command()
{
    part coffer.1 COMMANDS EXIT | grep -q "^\.SS \"coffer $1\( \[*[A-Z]*]*\)*\"$"
}

# As "--name" or "--name VALUE" below the command, or among those that all have.
has_option()
{
    part coffer.1 COMMANDS EXIT |
        sed -n "/^\.SS \"coffer $1[ \"]/,/^\.SS/p; /^\.SS \"Options of all/,\$p" |
        grep -q "^--$2\( [A-Z=|]*\)\{0,1\}$"
}

serve_has_option()
{
    part coffer-serve.1 OPTIONS SIGNALS | grep -q "^--$1\( [A-Z]*\)\{0,1\}$"
}

# Those that --print-config shows may be in a file.
settings()
{
    "$coffer" serve --print-config | sed -n 's/^\([a-z0-9-]*\) =.*/\1/p'
}

conf_has_setting()
{
    part coffer.conf.5 OPTIONS EXAMPLES | grep -q "^$1\( = [A-Z]*\)\{0,1\}$" &&
        grep -q "^#$1 =" "$filled/coffer.conf"
}

values()
{
    "$coffer" serve --print-config "$@" | grep -v '^#'
}

# What is commented out are the defaults: with and without them all values are the same.
conf_says_defaults()
{
    sed 's/^#\([a-z0-9-]* =\)/\1/' "$filled/coffer.conf" >"$scratch/all.conf"
    values >"$scratch/without"
    values --config "$scratch/all.conf" >"$scratch/with"
    [ -s "$scratch/without" ] && diff "$scratch/without" "$scratch/with" &&
        "$coffer" serve --print-config --config "$filled/coffer.conf" >/dev/null
}

formats()
{
    man --warnings -l "$1" 2>&1 >/dev/null
}

# What is missing, a line each.
missing_commands()
{
    while read -r command; do
        has_command "$command" || echo "coffer $command"
        for option in $(options_of "$command"); do
            has_option "$command" "$option" || echo "--$option of coffer $command"
        done
    done <"$scratch/commands"
}

missing_options()
{
    for option in $(options_of serve); do
        serve_has_option "$option" || echo "--$option"
    done
}

missing_settings()
{
    for setting in $(settings); do
        conf_has_setting "$setting" || echo "$setting"
    done
}

missing_variables()
{
    settings | tr 'a-z-' 'A-Z_' | while read -r variable; do
        grep -q "^.fBCOFFER_$variable.fR\$" "$filled/coffer-serve.1" || echo "COFFER_$variable"
    done
}

commands >"$scratch/commands"
check "the program's help has commands, options and settings" \
    test -s "$scratch/commands" -a -n "$(options_of serve)" -a -n "$(settings)"
check "coffer.1 has every command with its options" is_silent missing_commands
check "coffer-serve.1 has every option" is_silent missing_options
check "coffer-serve.1 has every variable" is_silent missing_variables
check "coffer.conf and its page have every setting" is_silent missing_settings
check "coffer.conf says the defaults" conf_says_defaults
for page in coffer.1 coffer-serve.1 coffer.conf.5; do
    if has mandoc; then
        check "mandoc finds nothing in $page" is_silent mandoc -Tlint "$filled/$page"
    else
        skip "mandoc finds nothing in $page" "no mandoc"
    fi
    if has man && has groff; then
        check "man finds nothing in $page" is_silent formats "$filled/$page"
    else
        skip "man finds nothing in $page" "no man or groff"
    fi
done
report
