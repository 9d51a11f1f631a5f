#compdef NAME
# Completions of NAME for zsh. A candidate need not begin with what was typed (`zel` may mean `per:maria-zelaya`), and
# one that ends with a colon or a slash is still open: no blank follows it.
_complete_NAME() {
    local -a lines whole whole_shown open open_shown
    local line value about shown widest=0 elsewhere= typed=${(L)${(Q)PREFIX}}
    lines=("${(@f)$( \
        _CLAP_IFS=$'\n' \
        _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) \
        VARIABLE="zsh" \
        PROGRAM -- "${(@Q)words}" 2>/dev/null \
    )}")
    lines=(${lines:#})
    for line in $lines; do
        value=${${line//\\:/$'\v'}%%:*}
        (( ${#value} > widest )) && widest=${#value}
    done
    for line in $lines; do
        line=${line//\\:/$'\v'}
        value=${${line%%:*}//$'\v'/:}
        about=
        [[ $line == *:* ]] && about=${${line#*:}//$'\v'/:}
        shown=$value
        [[ -n $about ]] && shown="${(r:widest:)value}  -- $about"
        [[ ${(L)value} == ${(b)typed}* ]] || elsewhere=1
        if [[ $value == *[:/] ]]; then
            open+=("$value") open_shown+=("$shown")
        else
            whole+=("$value") whole_shown+=("$shown")
        fi
    done
    # What was typed stays until one is chosen, where not all begin with it.
    (( ${#lines} > 1 )) && [[ -n $elsewhere ]] && compstate[insert]=menu
    (( ${#lines} > 1 )) && compstate[list]='list force'
    (( ${#open} )) && compadd -U -V NAME -l -d open_shown -S '' -a open
    (( ${#whole} )) && compadd -U -V NAME -l -d whole_shown -a whole
    (( ${#lines} ))
}
compdef _complete_NAME NAME
