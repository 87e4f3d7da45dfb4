#compdef tune
# Completion of `tune` for zsh. The program says what may stand at the cursor: tune __complete.
_tune() {
  local -a lines before open plain docs
  local line word program=${(Q)words[1]/#\~\//$HOME/}
  before=("${(@Q)words[2,CURRENT-1]}")
  (( CURRENT > 2 )) || before=()
  lines=("${(@f)$("$program" __complete -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in "${lines[@]}"; do
    word=${line%%$'\t'*}
    case $word in
      '') ;;
      :files) compset -P 'replay:'; _files ;;
      :folders) _files -/ ;;
      *[=,:]) open+=("$word") ;;
      *)
        plain+=("$word")
        if [[ $line == *$'\t'* ]]; then docs+=("$word  -- ${line#*$'\t'}"); else docs+=("$word"); fi
        ;;
    esac
  done
  (( ! $#open )) || compadd -S '' -a open
  (( ! $#plain )) || compadd -l -d docs -a plain
}
if [[ $funcstack[1] == _tune ]]; then
  _tune "$@"
else
  compdef _tune tune
fi
