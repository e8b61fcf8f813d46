# bash completion of berth. In ~/.bashrc:  eval "$(berth completion bash)"
_berth() {
  local line directive=:none word=${COMP_LINE:0:COMP_POINT} cut
  local -a lines
  mapfile -t lines < <("$1" complete --line "$word" 2>/dev/null)
  [ ${#lines[@]} -gt 0 ] && directive=${lines[-1]} && unset 'lines[-1]'
  # Bash breaks words at : and =, and wants only what stands behind them.
  word=${word##*[[:space:]]}
  cut=${word%"${word##*[:=]}"}
  COMPREPLY=()
  for line in "${lines[@]}"; do
    line=${line%%$'\t'*}
    COMPREPLY+=("${line#"$cut"}")
  done
  if [ ${#COMPREPLY[@]} -eq 0 ]; then
    compopt -o default -o bashdefault
    case $directive in
      :none) compopt +o default +o bashdefault ;;
      :folders) compopt -o dirnames +o default ;;
    esac
  elif [ ${#COMPREPLY[@]} -eq 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace
  fi
}
complete -F _berth berth
