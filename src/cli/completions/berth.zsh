#compdef berth
# zsh completion of berth. As _berth in a folder of $fpath, or in ~/.zshrc behind compinit:  source <(berth completion zsh)
_berth() {
  local directive line
  local -a lines described
  lines=("${(@f)$("${words[1]}" complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  directive=${lines[-1]}
  lines=("${(@)lines[1,-2]}")
  for line in "${lines[@]}"; do
    described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  (( ${#described} )) && _describe -V 'berth' described
  case $directive in
    :files) _files ;;
    :folders) _files -/ ;;
  esac
}
if [ "${funcstack[1]}" = _berth ]; then _berth "$@"; else compdef _berth berth; fi
