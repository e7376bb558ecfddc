# deferctl.bash: completion of deferctl's words in bash. They come from deferctl -h, so
# from the same table that the daemon reads: this file knows no command.

# _deferctl_words SYNTAX WORD...: what may follow WORDs, one a line; nothing when SYNTAX is
# about something else. Words may be shortened, as deferd takes them.
_deferctl_words() {
	local syntax=$1 token word
	shift
	for token in ${syntax%%\[*}; do
		if [[ $# -eq 0 ]]; then
			_deferctl_values "$token"
			return
		fi
		[[ $token == [A-Z]* || $token == "$1"* ]] || return
		shift
	done
	# what is left are options, in any order: [word ARG]
	local options=${syntax#"${syntax%%\[*}"} last=
	for word in "$@"; do
		[[ -n $last ]] && last= || last=$word
	done
	while [[ $options =~ \[([a-z]+)\ ([A-Z]+)\](.*) ]]; do
		options=${BASH_REMATCH[3]}
		if [[ -z $last ]]; then
			echo "${BASH_REMATCH[1]}"
		elif [[ ${BASH_REMATCH[1]} == "$last"* ]]; then
			_deferctl_values "${BASH_REMATCH[2]}"
		fi
	done
}

_deferctl_values() {
	case $1 in
	[a-z]*) echo "$1" ;;
	LANE) printf '%s\n' main low ;;
	STATE) printf '%s\n' queued delayed leased 'done' failed dead cancelled ;;
	YES) printf '%s\n' yes no ;;
	LEVEL) printf '%s\n' error warn info debug ;;
	esac
}

_deferctl() {
	local i words=() current=${COMP_WORDS[COMP_CWORD]} syntaxes syntax
	if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[COMP_CWORD - 1]} == -s ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s) ((i++)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	# help takes the words of the others
	[[ ${words[0]-} != help ]] || words=("${words[@]:1}")
	mapfile -t syntaxes < <("${COMP_WORDS[0]}" -h 2>/dev/null | sed -n 's/^  \([a-z]\)/\1/p')
	mapfile -t COMPREPLY < <(compgen -W "$(
		for syntax in "${syntaxes[@]}"; do
			_deferctl_words "$syntax" "${words[@]}"
		done | sort -u
	)" -- "$current")
}

complete -F _deferctl deferctl
