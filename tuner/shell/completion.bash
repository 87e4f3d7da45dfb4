# Completion of `tune` for bash. The program says what may stand at the cursor: tune __complete.
_tune() {
  local rest=${COMP_LINE:0:COMP_POINT} words=() part trimmed i
  # Bash also splits words at = and :, which belong to the words of tune. So the words are joined
  # again if no blank stands between them.
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    part=${COMP_WORDS[i]}
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    ((i < COMP_CWORD)) || part=$trimmed
    if ((i == 0)) || [[ $trimmed != "$rest" ]]; then
      words+=("$part")
    else
      words[${#words[@]}-1]+=$part
    fi
    rest=${trimmed#"$part"}
  done
  # Bash replaces only what follows the last = or :.
  local current=${words[${#words[@]}-1]} breaks='' line
  local tail=$current
  [[ $COMP_WORDBREAKS != *=* ]] || breaks+='='
  [[ $COMP_WORDBREAKS != *:* ]] || breaks+=':'
  [ -z "$breaks" ] || tail=${current##*[$breaks]}
  local before=${current%"$tail"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local kind=-f file
        [[ $line != :folders ]] || kind=-d
        while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen $kind -- "$tail")
        ;;
      *)
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"$before"}")
        ;;
    esac
  done < <("${1/#\~\//$HOME/}" __complete -- "${words[@]:1}" 2>/dev/null)
  [[ ${COMPREPLY[0]-} != *[=,:] ]] || compopt -o nospace 2>/dev/null
  return 0
}
complete -o nosort -F _tune tune 2>/dev/null || complete -F _tune tune
