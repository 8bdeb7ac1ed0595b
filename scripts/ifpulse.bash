# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# bash completion for ifpulse. Options are those that `ifpulse COMMAND --help` shows, so that they
# cannot get out of step.

# Whoever may make an interface names it, "$(reboot)" say: what would have to be quoted is left out.
_ifpulse_harmless() {
	LC_ALL=C grep -xE '[[:alnum:]_./][[:alnum:]_./@+-]*'
}

_ifpulse_interfaces() {
	ip -br link show 2>/dev/null | sed 's/[@ ].*//' | _ifpulse_harmless
}

# Those behind interfaces.
_ifpulse_containers() { # COMMAND
	"$1" list -j 2>/dev/null | grep -oE '"container":"[[:alnum:]_./-]+"' | cut -d'"' -f4 | sort -u
}

_ifpulse() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local commands="rate windows bursts drops record replay export plot list watch health compare doctor"
	local replays="rate windows bursts health" command="" word n_words=0 words choices
	COMPREPLY=()
	# --attach=t comes as three words, --attach= as two.
	if [[ $current == = ]]; then
		current=""
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	# The first of them is the command; what follows may be the name of a file, or what to replay.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ -z $command && " $commands " == *" $word "* ]]; then
			command=$word
		elif [[ -n $command && $word != -* ]]; then
			n_words=$((n_words + 1))
			# Its options are those of what is replayed; the file's name is of no matter here.
			[[ $command == replay && " $replays " == *" $word "* ]] && command="replay FILE $word"
		fi
	done
	case $previous in
	-i | --interface) choices=$(_ifpulse_interfaces) ;;
	--container) choices=$(_ifpulse_containers "${COMP_WORDS[0]}") ;;
	--netns) choices="all $(find /run/netns -mindepth 1 -printf '%f\n' 2>/dev/null | _ifpulse_harmless)" ;;
	--attach) choices="auto tcx clsact" ;;
	--period) choices="boot interval both" ;;
	--rule) choices="share hysteresis baseline" ;;
	--format) choices="csv jsonl perfetto" ;;
	-o | --output | --capture)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	-I | --interval | -w | --window | -d | --duration | -c | --count) return ;;
	--max-interfaces | --errors-over | --drops-over) return ;;
	*)
		if [[ $current == -* ]]; then
			# shellcheck disable=SC2086 # no command is no argument
			choices=$("${COMP_WORDS[0]}" $command --help 2>/dev/null |
				grep -oE '^ +(-., +)?--[a-z-]+' | grep -oE -- '--[a-z-]+')
		elif [[ -z $command ]]; then
			choices=$commands
		elif [[ " replay export plot " == *" $command "* ]] && ((n_words == 0)); then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		elif [[ $command == replay ]] && ((n_words == 1)); then
			choices=$replays
		fi
		;;
	esac
	# compgen -W would expand them as the shell does, and run what is in $(…).
	read -rd '' -a words <<<"${choices:-}" || true
	for word in "${words[@]}"; do
		if [[ $word == "$current"* ]]; then
			COMPREPLY+=("$word")
		fi
	done
}

complete -F _ifpulse ifpulse
