# Completions of NAME for bash. Words are parted at blanks only; bash itself parts them at colons too, and must not be
# told again what stands before the last one.
_complete_NAME() {
    local line=${COMP_LINE:0:COMP_POINT} IFS=$' \t\n' words current before= candidate blank index
    current=${line##*[[:blank:]]}
    read -ra words <<< "${line%"$current"}"
    index=${#words[@]}
    words+=("$current")
    IFS=$'\013'
    COMPREPLY=( $( \
        _CLAP_IFS="$IFS" \
        _CLAP_COMPLETE_INDEX="$index" \
        _CLAP_COMPLETE_COMP_TYPE="$COMP_TYPE" \
        _CLAP_COMPLETE_SPACE=true \
        VARIABLE="bash" \
        PROGRAM -- "${words[@]}" \
    ) ) || { unset COMPREPLY; return; }
    [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && before=${current%"${current##*:}"}
    for index in "${!COMPREPLY[@]}"; do
        candidate=${COMPREPLY[index]}
        blank=
        [[ $candidate == *' ' && $candidate != *': ' ]] && blank=' '
        candidate=${candidate%' '}
        candidate=${candidate#"$before"}
        [[ $candidate == *[[:blank:]\'\"\\]* ]] && printf -v candidate %q "$candidate"
        COMPREPLY[index]=$candidate$blank
    done
}
complete -o nospace -o bashdefault -F _complete_NAME NAME
